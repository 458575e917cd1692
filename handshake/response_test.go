package handshake

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"
)

// A valid response, line by line.
const (
	status101  = "HTTP/1.1 101 Switching Protocols\r\n"
	upgrade    = "Upgrade: websocket\r\n"
	connection = "Connection: Upgrade\r\n"
	accept     = "Sec-WebSocket-Accept: " + rfcAccept + "\r\n"
	good       = status101 + upgrade + connection + accept + "\r\n"
)

// parsed is all that a parser tells its caller.
type parsed struct {
	n      int
	err    error
	status int
}

// parseSplit calls a new parser with longer and longer prefixes of buf, which end at
// the splits. Like a slot, it stops at the first outcome. Each prefix is a copy, so
// that nothing can depend on its address or on the bytes after it.
func parseSplit(rules *Rules, buf string, splits ...int) parsed {
	var p Parser
	key := exampleKey()
	for _, split := range append(splits, len(buf)) {
		n, err := p.Parse(rules, key, []byte(buf[:split]))
		if n != 0 || err != nil || split == len(buf) {
			return parsed{n, err, p.Status()}
		}
	}
	panic("not reached")
}

func everyByte(s string) (splits []int) {
	for i := range len(s) {
		splits = append(splits, i)
	}
	return splits
}

// checkParse wants the same result at once, split in two anywhere, and byte by byte.
func checkParse(t *testing.T, rules *Rules, buf string, want parsed) {
	t.Helper()
	if got := parseSplit(rules, buf); got != want {
		t.Fatalf("%q: got %v, want %v", buf, got, want)
	}
	for split := range len(buf) {
		if got := parseSplit(rules, buf, split); got != want {
			t.Fatalf("%q split at %d: got %v, want %v", buf, split, got, want)
		}
	}
	if got := parseSplit(rules, buf, everyByte(buf)...); got != want {
		t.Fatalf("%q byte by byte: got %v, want %v", buf, got, want)
	}
}

func TestParserAccepts(t *testing.T) {
	tests := []struct{ name, head string }{
		{"plain", good},
		{"no reason", "HTTP/1.1 101 \r\n" + upgrade + connection + accept + "\r\n"},
		{"no reason and no space", "HTTP/1.1 101\r\n" + upgrade + connection + accept + "\r\n"},
		{"unusual reason", "HTTP/1.1 101 W\xe9b\t Socket \r\n" + upgrade + connection + accept + "\r\n"},
		{"other order and case", status101 + "SEC-WEBSOCKET-ACCEPT:" + rfcAccept + "\r\nconnection: upgrade\r\nupgrade: WebSocket\r\n\r\n"},
		{"optional white space", status101 + "Upgrade:\t websocket \t\r\nConnection:Upgrade\r\n" + accept + "\r\n"},
		{"token list", status101 + upgrade + "Connection: keep-alive, Upgrade\r\n" + accept + "\r\n"},
		{"token list with empty elements", status101 + upgrade + "Connection: ,UPGRADE\t,,close\r\n" + accept + "\r\n"},
		{"token list over lines", status101 + upgrade + "Connection: keep-alive\r\n" + connection + "Connection: x\r\n" + accept + "\r\n"},
		{"Upgrade twice", status101 + upgrade + upgrade + connection + accept + "\r\n"},
		{"other headers", status101 + "Server: x\r\nDate: \r\nX: \xff\t\"\r\nContent-Length: 5\r\n" + upgrade + connection + accept + "\r\n"},
		{"names of the same length", status101 + "Warning: x\r\nSet-Cookie: x\r\nX-ec-WebSocket-Accept: x\r\nSec-WebSocket-Versions: 13\r\n" + upgrade + connection + accept + "\r\n"},
		{"subprotocol", status101 + upgrade + connection + accept + "Sec-WebSocket-Protocol: chat2\r\n\r\n"},
		{"empty extensions", status101 + upgrade + connection + accept + "Sec-WebSocket-Extensions: \r\n\r\n"},
		{"100 first", "HTTP/1.1 100 Continue\r\n\r\n" + good},
		{"interim heads", "HTTP/1.1 103 Early Hints\r\nLink: x\r\nUpgrade: h2c\r\n\r\nHTTP/1.1 102\r\n\r\n" + good},
	}
	rules := NewRules([]string{"chat", "chat2"})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := parsed{n: len(tt.head), status: 101}
			checkParse(t, rules, tt.head, want)
			checkParse(t, rules, tt.head+"\x88\x00\r\n\r\n", want)
		})
	}
}

// rejection is a response that must fail, and its error.
type rejection struct {
	name, buf string
	err       error
	status    int
}

// lines returns a 101 response with these header lines.
func lines(s ...string) string { return status101 + strings.Join(s, "") + "\r\n" }

var rejections = []rejection{
	{"banner", "220 mail ESMTP\r\n", ErrMalformed, 0},
	{"banner without end", "SSH-2.0", ErrMalformed, 0},
	{"lower case", "http/1.1 101 x\r\n", ErrMalformed, 0},
	{"HTTP/1.0", "HTTP/1.0 101 x\r\n", ErrMalformed, 0},
	{"HTTP/1.10", "HTTP/1.10 101 x\r\n", ErrMalformed, 0},
	{"blank line first", "\r\n" + good, ErrMalformed, 0},
	{"two spaces", "HTTP/1.1  101 x\r\n", ErrMalformed, 0},
	{"no status", "HTTP/1.1 \r\n", ErrMalformed, 0},
	{"short status", "HTTP/1.1 10\r\n", ErrMalformed, 0},
	{"long status", "HTTP/1.1 1011 x\r\n", ErrMalformed, 0},
	{"status not a number", "HTTP/1.1 :1 x\r\n", ErrMalformed, 0},
	{"status 1o1", "HTTP/1.1 1o1 x\r\n", ErrMalformed, 0},
	{"status 099", "HTTP/1.1 099 x\r\n", ErrMalformed, 0},
	{"status 600", "HTTP/1.1 600 x\r\n", ErrMalformed, 0},
	{"NUL in reason", "HTTP/1.1 101 \x00\r\n", ErrMalformed, 0},
	{"bare LF after status", "HTTP/1.1 101 x\nUpgrade: websocket\r\n", ErrMalformed, 0},
	{"two CR after status", "HTTP/1.1 101 x\r\r\n", ErrMalformed, 0},

	{"200", "HTTP/1.1 200 OK\r\n", ErrStatus, 200},
	{"403 with wrong headers", "HTTP/1.1 403 x\r\n Bad\r\n", ErrStatus, 403},
	{"599", "HTTP/1.1 599\r\n", ErrStatus, 599},
	{"100 then 503", "HTTP/1.1 100 x\r\n\r\nHTTP/1.1 503 x\r\n\r\n", ErrStatus, 503},
	{"100 then banner", "HTTP/1.1 100 x\r\n\r\nHTTX", ErrMalformed, 100},
	{"bad header in interim head", "HTTP/1.1 100 x\r\nBad\r\n\r\n" + good, ErrMalformed, 100},

	{"no colon", lines("Upgrade\r\n"), ErrMalformed, 101},
	{"no name", lines(": x\r\n"), ErrMalformed, 101},
	{"space before colon", lines("Upgrade : websocket\r\n"), ErrMalformed, 101},
	{"folded line", lines("X: a\r\n b\r\n"), ErrMalformed, 101},
	{"folded line with HTAB", lines("X: a\r\n\tb: c\r\n"), ErrMalformed, 101},
	{"name not a token", lines("X(a): b\r\n"), ErrMalformed, 101},
	{"name not ASCII", lines("X\xe9: b\r\n"), ErrMalformed, 101},
	{"bare LF in header", lines("X: a\nY: b\r\n"), ErrMalformed, 101},
	{"bare LF as blank line", status101 + upgrade + connection + accept + "\n", ErrMalformed, 101},
	{"bare CR", lines("X: a\rb\r\n"), ErrMalformed, 101},
	{"NUL", lines("X: \x00\r\n"), ErrMalformed, 101},
	{"DEL", lines("X: \x7f\r\n"), ErrMalformed, 101},
	{"ESC", lines("X: aaaaaaaaaaaaaaaaaaaaaaaaa\x1bbbbbbbbbbbb\r\n"), ErrMalformed, 101},

	{"no headers", lines(), ErrBadUpgrade, 101},
	{"no Upgrade", lines(connection, accept), ErrBadUpgrade, 101},
	{"wrong Upgrade", lines("Upgrade: h2c\r\n", connection, accept), ErrBadUpgrade, 101},
	{"empty Upgrade", lines("Upgrade:\r\n", connection, accept), ErrBadUpgrade, 101},
	{"Upgrade list", lines("Upgrade: websocket, h2c\r\n", connection, accept), ErrBadUpgrade, 101},
	{"wrong second Upgrade", lines(upgrade, "Upgrade: h2c\r\n", connection, accept), ErrBadUpgrade, 101},

	{"no Connection", lines(upgrade, accept), ErrBadConnection, 101},
	{"wrong Connection", lines(upgrade, accept, "Connection: keep-alive, close\r\n"), ErrBadConnection, 101},
	{"Connection without the token", lines(upgrade, accept, "Connection: upgraded, xupgrade, up grade\r\n"), ErrBadConnection, 101},
	{"only Upgrade", lines(upgrade), ErrBadConnection, 101},

	{"no Accept", lines(upgrade, connection), ErrBadAccept, 101},
	{"wrong Accept", lines(upgrade, connection, "Sec-WebSocket-Accept: "+strings.ToLower(rfcAccept)+"\r\n"), ErrBadAccept, 101},
	{"key as Accept", lines(upgrade, connection, "Sec-WebSocket-Accept: "+rfcKey+"\r\n"), ErrBadAccept, 101},
	{"long Accept", lines(upgrade, connection, "Sec-WebSocket-Accept: "+rfcAccept+"=\r\n"), ErrBadAccept, 101},
	{"Accept twice", lines(upgrade, connection, accept, accept), ErrBadAccept, 101},
	{"wrong Accept before bad header", lines("Sec-WebSocket-Accept: x\r\n", "Bad\r\n"), ErrBadAccept, 101},

	{"unknown subprotocol", lines(upgrade, connection, accept, "Sec-WebSocket-Protocol: x\r\n"), ErrBadSubprotocol, 101},
	{"subprotocol in another case", lines(upgrade, connection, accept, "Sec-WebSocket-Protocol: Chat\r\n"), ErrBadSubprotocol, 101},
	{"empty subprotocol", lines(upgrade, connection, accept, "Sec-WebSocket-Protocol:\r\n"), ErrBadSubprotocol, 101},
	{"subprotocol twice", lines("Sec-WebSocket-Protocol: chat\r\n", "Sec-WebSocket-Protocol: chat\r\n"), ErrBadSubprotocol, 101},
	{"all subprotocols", lines("Sec-WebSocket-Protocol: chat, chat2\r\n"), ErrBadSubprotocol, 101},

	{"extension", lines(upgrade, connection, accept, "sec-websocket-extensions: permessage-deflate\r\n"), ErrBadExtension, 101},
}

func TestParserRejects(t *testing.T) {
	rules := NewRules([]string{"chat", "chat2"})
	for _, tt := range rejections {
		t.Run(tt.name, func(t *testing.T) {
			checkParse(t, rules, tt.buf, parsed{err: tt.err, status: tt.status})
		})
	}
}

func TestParserRejectsUnrequestedSubprotocol(t *testing.T) {
	for _, value := range []string{"chat", ""} {
		buf := lines(upgrade, connection, accept, "Sec-WebSocket-Protocol: "+value+"\r\n")
		checkParse(t, NewRules(nil), buf, parsed{err: ErrBadSubprotocol, status: 101})
	}
}

func TestParserWaitsForTheRest(t *testing.T) {
	for length := range len(good) {
		status := 0
		if length >= len(status101) {
			status = 101
		}
		checkParse(t, NewRules(nil), good[:length], parsed{status: status})
	}
}

func TestParserLimits(t *testing.T) {
	interim := "HTTP/1.1 100 x\r\nA: b\r\n\r\n"
	tests := []struct {
		name              string
		buf               string
		bytes, headers, n int
		status            int
		err               error
	}{
		{"as many bytes as allowed", good, len(good), 3, len(good), 101, nil},
		{"one byte too many", good, len(good) - 1, 3, 0, 101, ErrTooLarge},
		{"line without end", status101 + "X: " + strings.Repeat("a", 100), 100, 3, 0, 101, ErrTooLarge},
		{"incomplete line at the limit", status101 + "X: ", len(status101) + 3, 3, 0, 101, ErrTooLarge},
		{"error within the limit", lines("Bad\r\n"), len(status101) + 5, 3, 0, 101, ErrMalformed},
		{"error beyond the limit", lines("Bad\r\n"), len(status101) + 4, 3, 0, 101, ErrTooLarge},
		{"banner over the limit", "HTTP/1.x", 7, 3, 0, 0, ErrTooLarge},
		{"banner at the limit", "HTTP/1.x", 8, 3, 0, 0, ErrMalformed},
		{"frames not counted", good + strings.Repeat("x", 99), len(good), 3, len(good), 101, nil},
		{"one header too many", good, 1000, 2, 0, 101, ErrTooLarge},
		{"interim head counted", interim + good, len(interim + good), 4, len(interim + good), 101, nil},
		{"one byte too many with an interim head", interim + good, len(interim+good) - 1, 4, 0, 101, ErrTooLarge},
		{"one header too many with an interim head", interim + good, 1000, 3, 0, 101, ErrTooLarge},
		{"endless interim heads", strings.Repeat(interim, 20), 1000, 9, 0, 100, ErrTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rules := &Rules{MaxBytes: tt.bytes, MaxHeaders: tt.headers}
			checkParse(t, rules, tt.buf, parsed{tt.n, tt.err, tt.status})
		})
	}
}

func TestNewRules(t *testing.T) {
	requested := []string{"a"}
	r := NewRules(requested)
	requested[0] = "b"
	if r.MaxBytes != 16384 || r.MaxHeaders != 128 || r.Subprotocols[0] != "a" {
		t.Errorf("got %+v", r)
	}
}

func TestParserKeepsItsOutcomeUntilReset(t *testing.T) {
	rules, key := NewRules(nil), exampleKey()
	for _, first := range []string{"X", "HTTP/1.1 404 x\r\n", good} {
		var p Parser
		n, err := p.Parse(rules, key, []byte(first))
		if n2, err2 := p.Parse(rules, key, []byte(first+good)); n2 != n || err2 != err {
			t.Errorf("%q: first %d, %v, then %d, %v", first, n, err, n2, err2)
		}
		p.Reset()
		if n, err := p.Parse(rules, key, []byte(good)); n != len(good) || err != nil || p.Status() != 101 {
			t.Errorf("after %q and Reset: %d, %v, status %d", first, n, err, p.Status())
		}
	}
}

func TestSlotSizes(t *testing.T) {
	for name, size := range map[string]struct{ got, most uintptr }{
		"Key":         {unsafe.Sizeof(Key{}), 24},
		"Parser":      {unsafe.Sizeof(Parser{}), 24},
		"FrameReader": {unsafe.Sizeof(FrameReader{}), 160},
	} {
		if size.got > size.most {
			t.Errorf("%s has %d bytes, want at most %d", name, size.got, size.most)
		}
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	rules, key := NewRules([]string{"chat"}), exampleKey()
	var p Parser
	withProtocol := lines(upgrade, connection, accept, "Sec-WebSocket-Protocol: chat\r\n")
	for _, s := range []string{good, withProtocol, lines("X: a\r\n", "Bad\r\n"), lines("Sec-WebSocket-Protocol: x\r\n"), "HTTP/1.1 404 x\r\n"} {
		buf := []byte(s)
		noAllocs(t, fmt.Sprintf("Parse(%q)", s), func() {
			p.Reset()
			_, _ = p.Parse(rules, key, buf)
		})
		noAllocs(t, fmt.Sprintf("Parse(%q) byte by byte", s), func() {
			p.Reset()
			for i := range len(buf) + 1 {
				_, _ = p.Parse(rules, key, buf[:i])
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	rules, key, buf := NewRules(nil), exampleKey(), []byte(good)
	var p Parser
	b.SetBytes(int64(len(buf)))
	for b.Loop() {
		p.Reset()
		if n, err := p.Parse(rules, key, buf); n == 0 || err != nil {
			b.Fatal(n, err)
		}
	}
}
