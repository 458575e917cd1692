package testee

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

// The key and the accept value of RFC 6455 section 1.3.
const (
	request  = "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
	response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)

// client returns a frame as a client sends it.
func client(op ws.OpCode, payload string) string { return fragment(op, true, payload) }

func fragment(op ws.OpCode, fin bool, payload string) string {
	f := ws.NewFrame(op, fin, []byte(payload))
	return string(ws.MustCompileFrame(ws.MaskFrameInPlaceWith(f, [4]byte{0x12, 0x34, 0x56, 0x78})))
}

// testeeFrame returns a frame as the testee sends it.
func testeeFrame(op ws.OpCode, payload string) string { return testeeFragment(op, true, payload) }

func testeeFragment(op ws.OpCode, fin bool, payload string) string {
	return string(ws.MustCompileFrame(ws.NewFrame(op, fin, []byte(payload))))
}

// body returns the payload of a close frame.
func body(code ws.StatusCode, reason string) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(code))) + reason
}

func closeFrame(code ws.StatusCode) string { return testeeFrame(ws.OpClose, body(code, "")) }

// run feeds the pieces to a new session and returns all output and the outcome.
// After an outcome other than more there must be no further output.
func run(t testing.TB, pieces ...[]byte) (string, outcome) {
	t.Helper()
	var s session
	var out []byte
	var result outcome
	for _, piece := range pieces {
		answer, o := s.feed(bytes.Clone(piece), nil)
		if result != more && (o != more || len(answer) > 0) {
			t.Fatalf("outcome %d and output %q after outcome %d", o, answer, result)
		}
		out = append(out, answer...)
		result = max(result, o)
	}
	return string(out), result
}

// bytewise splits the input into single bytes.
func bytewise(in []byte) (pieces [][]byte) {
	for i := range in {
		pieces = append(pieces, in[i:i+1])
	}
	return pieces
}

// checkEveryCut runs the input in one piece, byte by byte, and split in two at
// every position.
func checkEveryCut(t *testing.T, in, want string, wantOutcome outcome) {
	t.Helper()
	check := func(how string, cut int, pieces ...[]byte) {
		t.Helper()
		if out, o := run(t, pieces...); out != want || o != wantOutcome {
			t.Fatalf("%s %d: got %q, outcome %d\nwant %q, outcome %d", how, cut, out, o, want, wantOutcome)
		}
	}
	b := []byte(in)
	check("whole", 0, b)
	check("byte by byte", 0, bytewise(b)...)
	for cut := range b {
		check("cut at", cut, b[:cut], b[cut:])
	}
}

func TestFrames(t *testing.T) {
	long := strings.Repeat("0123456789", 30)
	for _, c := range []struct {
		name, in, want string
		outcome        outcome
	}{
		{"nothing but the handshake", "", "", more},
		{"text", client(ws.OpText, "hello"), testeeFrame(ws.OpText, "hello"), more},
		{"binary", client(ws.OpBinary, "\x00\xff"), testeeFrame(ws.OpBinary, "\x00\xff"), more},
		{"empty", client(ws.OpText, ""), testeeFrame(ws.OpText, ""), more},
		{"16 bit length", client(ws.OpText, long), testeeFrame(ws.OpText, long), more},
		{"several", client(ws.OpText, "a") + client(ws.OpBinary, "b"), testeeFrame(ws.OpText, "a") + testeeFrame(ws.OpBinary, "b"), more},
		{"fragments with a ping between",
			fragment(ws.OpText, false, "ab") + client(ws.OpPing, "p") + fragment(ws.OpContinuation, false, "") + fragment(ws.OpContinuation, true, "c"),
			testeeFragment(ws.OpText, false, "ab") + testeeFrame(ws.OpPong, "p") + testeeFragment(ws.OpContinuation, false, "") + testeeFragment(ws.OpContinuation, true, "c"), more},
		{"message after a fragmented one",
			fragment(ws.OpText, false, "a") + fragment(ws.OpContinuation, true, "b") + client(ws.OpText, "c"),
			testeeFragment(ws.OpText, false, "a") + testeeFragment(ws.OpContinuation, true, "b") + testeeFrame(ws.OpText, "c"), more},
		{"ping", client(ws.OpPing, ""), testeeFrame(ws.OpPong, ""), more},
		{"longest ping", client(ws.OpPing, long[:125]), testeeFrame(ws.OpPong, long[:125]), more},
		{"pong", client(ws.OpPong, "x"), "", more},

		{"close", client(ws.OpClose, body(1000, "")), closeFrame(1000), finished},
		{"close without code", client(ws.OpClose, ""), testeeFrame(ws.OpClose, ""), finished},
		{"close with reason", client(ws.OpClose, body(4999, "because")), closeFrame(4999), finished},
		{"close within a message", fragment(ws.OpText, false, "a") + client(ws.OpClose, body(1001, "")), testeeFragment(ws.OpText, false, "a") + closeFrame(1001), finished},
		{"close with a code registered after RFC 6455", client(ws.OpClose, body(1012, "")), closeFrame(1012), finished},
		{"input after a close frame is ignored", client(ws.OpClose, "") + client(ws.OpText, "x"), testeeFrame(ws.OpClose, ""), finished},

		{"not masked", testeeFrame(ws.OpText, "x"), closeFrame(1002), failed},
		{"RSV1", "\xc1\x80\x00\x00\x00\x00", closeFrame(1002), failed},
		{"RSV3", "\x91\x80\x00\x00\x00\x00", closeFrame(1002), failed},
		{"reserved opcode 3", client(3, ""), closeFrame(1002), failed},
		{"reserved opcode 15", client(15, ""), closeFrame(1002), failed},
		{"continuation without a message", client(ws.OpContinuation, "x"), closeFrame(1002), failed},
		{"new message within a fragmented one", fragment(ws.OpText, false, "a") + client(ws.OpText, "b"), testeeFragment(ws.OpText, false, "a") + closeFrame(1002), failed},
		{"fragmented ping", fragment(ws.OpPing, false, ""), closeFrame(1002), failed},
		{"long ping", client(ws.OpPing, long[:126]), closeFrame(1002), failed},
		{"length of 125 in 16 bits", "\x81\xfe\x00\x7d\x00\x00\x00\x00", closeFrame(1002), failed},
		{"length of 65535 in 64 bits", "\x81\xff\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x00\x00", closeFrame(1002), failed},
		{"length of 2^63", "\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", closeFrame(1002), failed},
		{"length of 1 MiB and 1", "\x82\xff\x00\x00\x00\x00\x00\x10\x00\x01\x00\x00\x00\x00abc", closeFrame(1009), failed},
		{"half a code", client(ws.OpClose, "x"), closeFrame(1002), failed},
		{"code 999", client(ws.OpClose, body(999, "")), closeFrame(1002), failed},
		{"code 1004", client(ws.OpClose, body(1004, "")), closeFrame(1002), failed},
		{"code 1005", client(ws.OpClose, body(1005, "")), closeFrame(1002), failed},
		{"code 1006", client(ws.OpClose, body(1006, "")), closeFrame(1002), failed},
		{"code 1015", client(ws.OpClose, body(1015, "")), closeFrame(1002), failed},
		{"code 1016", client(ws.OpClose, body(1016, "")), closeFrame(1002), failed},
		{"code 2999", client(ws.OpClose, body(2999, "")), closeFrame(1002), failed},
		{"code 5000", client(ws.OpClose, body(5000, "")), closeFrame(1002), failed},
		{"reason not UTF-8", client(ws.OpClose, body(1000, "\xff")), closeFrame(1007), failed},
		{"input after a failure is ignored", client(3, "") + client(ws.OpText, "x"), closeFrame(1002), failed},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkEveryCut(t, request+c.in, response+c.want, c.outcome)
		})
	}
}

func TestLargestPayload(t *testing.T) {
	payload := strings.Repeat("x", maxPayloadBytes)
	in := []byte(request + client(ws.OpBinary, payload) + client(ws.OpClose, ""))
	want := response + testeeFrame(ws.OpBinary, payload) + testeeFrame(ws.OpClose, "")
	for _, size := range []int{len(in), 65535, 4093} {
		var pieces [][]byte
		for rest := in; len(rest) > 0; rest = rest[min(size, len(rest)):] {
			pieces = append(pieces, rest[:min(size, len(rest))])
		}
		if out, o := run(t, pieces...); out != want || o != finished {
			t.Errorf("pieces of %d: %d bytes with outcome %d, want %d bytes with %d", size, len(out), o, len(want), finished)
		}
	}
}

func TestRefusals(t *testing.T) {
	without := func(header string) string {
		at := strings.Index(request, header)
		end := at + strings.Index(request[at:], "\r\n") + 2
		return request[:at] + request[end:]
	}
	with := func(old, new string) string { return strings.Replace(request, old, new, 1) }
	for _, c := range []struct {
		name, in string
		status   int
		header   http.Header // required headers, not all
	}{
		{"not HTTP", "hello\r\n\r\n", 400, nil},
		{"blank line first", "\r\n" + request, 400, nil},
		{"two blank lines", "\r\n\r\n", 400, nil},
		{"header without colon", with("Host: ", "Host "), 400, nil},
		{"no Host", without("Host"), 400, nil},
		{"no Upgrade", without("Upgrade: websocket"), 400, nil},
		{"other Upgrade", with("Upgrade: websocket", "Upgrade: h2c"), 400, nil},
		{"no Connection", without("Connection"), 400, nil},
		{"other Connection", with("keep-alive, Upgrade", "keep-alive"), 400, nil},
		{"no key", without("Sec-WebSocket-Key"), 400, nil},
		{"short key", with("dGhl", ""), 400, nil},
		{"no version", without("Sec-WebSocket-Version"), 400, nil},
		{"version 8", with("Version: 13", "Version: 8"), 426, http.Header{"Sec-Websocket-Version": {"13"}, "Upgrade": {"websocket"}}},
		{"POST", with("GET", "POST"), 405, http.Header{"Allow": {"GET"}}},
		{"HTTP/1.0", with("HTTP/1.1", "HTTP/1.0"), 505, nil},
		{"bad request with a frame after it", without("Host") + client(ws.OpText, "x"), 400, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, _ := run(t, []byte(c.in))
			checkEveryCut(t, c.in, out, finished)
			checkRefusal(t, out, c.status, c.header)
		})
	}
}

// TestClientHello: a client that speaks TLS to a port for plain HTTP need not wait for the end of a head.
func TestClientHello(t *testing.T) {
	hello := string(clientHello(t, &tls.Config{InsecureSkipVerify: true}))
	out, _ := run(t, []byte(hello[:1]))
	checkEveryCut(t, hello, out, failed)
	checkRefusal(t, out, http.StatusBadRequest, nil)
}

// checkRefusal parses the response with net/http. It must be the whole output.
func checkRefusal(t *testing.T, out string, status int, header http.Header) {
	t.Helper()
	r := bufio.NewReader(strings.NewReader(out))
	answer, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil || len(text) == 0 || r.Buffered() > 0 {
		t.Errorf("body %q, error %v, %d bytes after it", text, err, r.Buffered())
	}
	if answer.StatusCode != status || !answer.Close {
		t.Errorf("status %d, closes %v; want %d, true", answer.StatusCode, answer.Close, status)
	}
	for name := range header {
		if got, want := answer.Header.Get(name), header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestRequests(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"lines that end with LF", strings.ReplaceAll(request, "\r\n", "\n"), response},
		{"names and tokens in other cases", strings.NewReplacer("Host", "HOST", "Upgrade", "uPGRADE", "Sec-WebSocket", "sec-websocket").Replace(request), response},
		{"subprotocols", strings.Replace(request, "\r\n\r\n", "\r\nSec-WebSocket-Protocol: one, two\r\n\r\n", 1),
			strings.Replace(response, "\r\n\r\n", "\r\nSec-WebSocket-Protocol: one\r\n\r\n", 1)},
		{"extensions", strings.Replace(request, "\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n", 1), response},
	} {
		t.Run(c.name, func(t *testing.T) { checkEveryCut(t, c.in, c.want, more) })
	}
}

func TestHeadLimit(t *testing.T) {
	const frame = "x"
	fill := func(total int) string {
		pad := strings.Repeat("a", total-len(request)-len("Pad: \r\n"))
		return strings.Replace(request, "\r\n\r\n", "\r\nPad: "+pad+"\r\n\r\n", 1)
	}
	refusal := string(appendRefusal(nil, 431, "head of more than 16 KiB"))
	checkRefusal(t, refusal, 431, nil)
	for _, c := range []struct {
		name, in, want string
		outcome        outcome
	}{
		{"just fits", fill(maxHeadBytes) + client(ws.OpText, frame), response + testeeFrame(ws.OpText, frame), more},
		{"one too many", fill(maxHeadBytes + 1), refusal, failed},
		{"no end", strings.Repeat("a", maxHeadBytes), refusal, failed},
		{"far too many", fill(5 * maxHeadBytes), refusal, failed},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := []byte(c.in)
			cuts := [][][]byte{{b}, bytewise(b)}
			for cut := maxHeadBytes - 5; cut <= min(maxHeadBytes+5, len(b)); cut++ {
				cuts = append(cuts, [][]byte{b[:cut], b[cut:]})
			}
			for _, pieces := range cuts {
				if out, o := run(t, pieces...); out != c.want || o != c.outcome {
					t.Errorf("%d pieces: got %q, outcome %d; want %q, outcome %d", len(pieces), out, o, c.want, c.outcome)
				}
			}
		})
	}
}

func TestHandshakeEnded(t *testing.T) {
	var s session
	s.feed([]byte(request[:len(request)-1]), nil)
	if s.handshakeEnded() {
		t.Error("the handshake has ended before the head is complete")
	}
	s.feed([]byte(request[len(request)-1:]), nil)
	if !s.handshakeEnded() {
		t.Error("the handshake has not ended after a complete head")
	}
}

// FuzzSession compares the output for an input in one piece with that for the
// same input in three.
func FuzzSession(f *testing.F) {
	f.Add([]byte(request+client(ws.OpText, "hello")+client(ws.OpClose, body(1000, ""))), uint16(7), uint16(200))
	f.Add([]byte(request+fragment(ws.OpText, false, "a")+client(ws.OpPing, "b")+client(3, "")), uint16(180), uint16(190))
	f.Add([]byte("\n\r\n\n"), uint16(1), uint16(3))
	f.Fuzz(func(t *testing.T, in []byte, a, b uint16) {
		i := int(a) % (len(in) + 1)
		j := i + int(b)%(len(in)-i+1)
		whole, wholeOutcome := run(t, in)
		cut, cutOutcome := run(t, in[:i], in[i:j], in[j:])
		if whole != cut || wholeOutcome != cutOutcome {
			t.Errorf("cut at %d and %d: %q, outcome %d; whole: %q, outcome %d", i, j, cut, cutOutcome, whole, wholeOutcome)
		}
	})
}

func BenchmarkSession(b *testing.B) {
	frame := client(ws.OpClose, body(1000, ""))
	head, tail, out := make([]byte, len(request)), make([]byte, len(frame)), make([]byte, 0, 4096)
	var s session
	for b.Loop() {
		copy(head, request)
		copy(tail, frame)
		s = session{}
		s.feed(head, out)
		s.feed(tail, out)
	}
}
