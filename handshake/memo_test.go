package handshake

import (
	"strings"
	"testing"
)

// keyOf returns a key that differs for each n.
func keyOf(n byte) *Key {
	var k Key
	k.Set(&[16]byte{n})
	return &k
}

func acceptOf(k *Key) string {
	var accept [28]byte
	k.Accept(&accept)
	return string(accept[:])
}

// headFor returns a valid response head for k, with more header lines.
func headFor(k *Key, more string) string {
	return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + acceptOf(k) + "\r\n" + more + "\r\n"
}

func TestMemoMatches(t *testing.T) {
	var m Memo
	old, now := keyOf(1), keyOf(2)
	head := headFor(now, "")
	if n := m.Match(now, []byte(head)); n != 0 {
		t.Fatalf("an empty memo matches %d bytes", n)
	}
	m.Remember(old, []byte(headFor(old, "")))
	for _, c := range []struct {
		name, response string
		want           int
	}{
		{"same head", head, len(head)},
		{"same head, then a frame", head + "\x88\x00", len(head)},
		{"accept key of another connection", headFor(old, ""), 0},
		{"incomplete", head[:len(head)-1], 0},
		{"one more header", headFor(now, "A: b\r\n"), 0},
		{"another status", strings.Replace(head, "101", "200", 1), 0},
		{"changed after the accept key", head[:len(head)-2] + "X\n", 0},
		{"empty", "", 0},
	} {
		if n := m.Match(now, []byte(c.response)); n != c.want {
			t.Errorf("%s: matches %d bytes, want %d", c.name, n, c.want)
		}
	}
}

// A head that repeats the accept key elsewhere must not mislead the memo about where
// the value of the header is.
func TestMemoRefusesAmbiguousAndLongHeads(t *testing.T) {
	var m Memo
	old, now := keyOf(1), keyOf(2)
	m.Remember(old, []byte(headFor(old, "X-Echo: "+acceptOf(old)+"\r\n")))
	if m.Match(now, []byte(headFor(old, "X-Echo: "+acceptOf(now)+"\r\n"))) != 0 {
		t.Error("a stale accept key passes when another header has the right one")
	}
	m.Remember(old, []byte(headFor(old, "X: "+strings.Repeat("x", maxMemo)+"\r\n")))
	if m.Match(now, []byte(headFor(now, "X: "+strings.Repeat("x", maxMemo)+"\r\n"))) != 0 {
		t.Error("a head longer than maxMemo matches")
	}
}

func TestMemoAllocatesNothing(t *testing.T) {
	var m Memo
	k := keyOf(3)
	head := []byte(headFor(k, ""))
	if n := testing.AllocsPerRun(100, func() { m.Remember(k, head); m.Match(k, head) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// FuzzMemo checks that a parser finds valid what a memo matches, with the same length.
func FuzzMemo(f *testing.F) {
	f.Add("", byte(1), byte(2), []byte(headFor(keyOf(2), "")))
	f.Add("A: b\r\n", byte(1), byte(2), []byte(headFor(keyOf(2), "A: b\r\n")))
	f.Add("X-Echo: "+acceptOf(keyOf(1))+"\r\n", byte(1), byte(2), []byte(headFor(keyOf(1), "X-Echo: "+acceptOf(keyOf(2))+"\r\n")))
	rules := NewRules(nil)
	f.Fuzz(func(t *testing.T, more string, first, second byte, response []byte) {
		var m Memo
		var p Parser
		head := []byte(headFor(keyOf(first), more))
		if n, err := p.Parse(rules, keyOf(first), head); err == nil && n > 0 {
			m.Remember(keyOf(first), head[:n])
		}
		matched := m.Match(keyOf(second), response)
		if matched == 0 {
			return
		}
		p.Reset()
		if n, err := p.Parse(rules, keyOf(second), response); err != nil || n != matched {
			t.Errorf("the memo matches %d bytes, the parser says %d, %v", matched, n, err)
		}
	})
}

func BenchmarkMemo(b *testing.B) {
	var m Memo
	k := keyOf(4)
	head := []byte(headFor(k, ""))
	m.Remember(k, head)
	for b.Loop() {
		m.Match(k, head)
	}
}
