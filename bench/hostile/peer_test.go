package main

import (
	"io"
	"net"
	"strings"
	"testing"
)

// pair returns both ends of a connection whose client sends text and FIN.
func pair(t *testing.T, text string) (p *peer, client *net.TCPConn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	c, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { accepted.Close() })
	client = c.(*net.TCPConn)
	go func() { // the write blocks if the testee stops reading
		_, _ = io.WriteString(client, text)
		_ = client.CloseWrite()
	}()
	return newPeer(accepted.(*net.TCPConn)), client
}

func TestRequestIsBounded(t *testing.T) {
	const line = "GET /x HTTP/1.1\r\n"
	for _, c := range []struct {
		name, text string
		ok         bool
	}{
		{"plain", line + "Host: a\r\nsec-websocket-key:  dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", true},
		{"many headers", line + strings.Repeat("X: x\r\n", 1000) + "\r\n", true},
		{"endless headers", line + strings.Repeat("X: x\r\n", 1<<16), false},
		{"endless line", line + strings.Repeat("x", 1<<20), false},
		{"empty lines", strings.Repeat("\r\n", 1<<10), false},
		{"cut", line + "Host: a\r\n", false},
		{"nothing", "", false},
		{"not a request", "hello\r\n\r\n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := pair(t, c.text)
			if err := p.request(); (err == nil) != c.ok {
				t.Errorf("request: %v", err)
			}
			if c.ok && p.path != "/x" {
				t.Errorf("path %q, want /x", p.path)
			}
		})
	}
}

// TestAcceptKey uses the example of RFC 6455 section 1.3.
func TestAcceptKey(t *testing.T) {
	p, client := pair(t, "GET / HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if err := p.request(); err != nil {
		t.Fatal(err)
	}
	p.sendBytewise("<" + acceptMark + ">")
	_ = p.send("<" + acceptMark + "><" + cutAcceptMark + ">")
	_ = p.conn.CloseWrite()
	got, err := io.ReadAll(client)
	if err != nil {
		t.Fatal(err)
	}
	const accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo"
	if want := "<" + accept + "=><" + accept + "=><" + accept + ">"; string(got) != want {
		t.Errorf("sent %q, want %q", got, want)
	}
}

// TestCloseFrameIsFoundAfterOthers: other frames may come before the close frame,
// and bytes after it are not read.
func TestCloseFrameIsFoundAfterOthers(t *testing.T) {
	p, _ := pair(t, "\x8a\x82abcdxx\x81\x80abcd\x88\x82abcd\x62\x8arest")
	p.awaitCloseFrame()
	rest, err := io.ReadAll(p.in)
	if err != nil || string(rest) != "rest" {
		t.Errorf("after the close frame: %q, error %v; want \"rest\"", rest, err)
	}
}

// TestStreamStopsWithTheClient: endless sending ends when the client has closed.
func TestStreamStopsWithTheClient(t *testing.T) {
	p, client := pair(t, "")
	_ = client.SetLinger(0)
	client.Close()
	p.stream(strings.Repeat("x", 1<<16), 1<<50)
	p.dripEndlessly("x")
	p.silence()
}

func TestUnknownPathGetsTheList(t *testing.T) {
	s, err := listen("127.0.0.1:0", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	c, err := net.Dial("tcp", s.ports[0].addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET /nowhere HTTP/1.1\r\n\r\n")
	got, err := io.ReadAll(c)
	if err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 404 ") || !strings.Contains(string(got), "/rst-header\n") {
		t.Errorf("an unknown path gets %q, error %v; want a 404 with the list of paths", got, err)
	}
}

func TestListenFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, address := range []string{"", "127.0.0.1", "[::1]:0", taken.Addr().String()} {
		if s, err := listen(address, 1); err == nil {
			s.close()
			t.Errorf("listen on %q succeeds", address)
		}
	}
}

// TestRandomRepeats: the same seed chooses the same rows.
func TestRandomRepeats(t *testing.T) {
	pick := func() (names []string) {
		s := &server{rows: table()}
		choose := s.chooser(7, false)
		for range 50 {
			names = append(names, choose().name)
		}
		return names
	}
	first, second := pick(), pick()
	if strings.Join(first, " ") != strings.Join(second, " ") {
		t.Errorf("seed 7 chooses %q, then %q", first, second)
	}
}
