package handshake

import (
	"bufio"
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// splitsOf turns arbitrary bytes into ascending offsets below n: each byte is the
// distance to the one before.
func splitsOf(steps []byte, n int) (splits []int) {
	at := 0
	for _, step := range steps {
		if at += int(step); at >= n {
			break
		}
		splits = append(splits, at)
	}
	return splits
}

// FuzzParser checks that the outcome does not depend on where the response is split.
func FuzzParser(f *testing.F) {
	steps := []byte{1, 7, 0, 3, 40, 2, 255}
	for _, r := range rejections {
		f.Add([]byte(r.buf), steps, uint16(200))
	}
	f.Add([]byte(good+close1000), steps, uint16(DefaultMaxBytes))
	f.Add([]byte("HTTP/1.1 103 x\r\nLink: y\r\n\r\n"+good), []byte{30, 1}, uint16(150))
	f.Fuzz(func(t *testing.T, buf, steps []byte, maxBytes uint16) {
		rules := &Rules{Subprotocols: []string{"chat", "chat2"}, MaxBytes: int(maxBytes) + 1, MaxHeaders: 6}
		want := parseSplit(rules, string(buf))
		if got := parseSplit(rules, string(buf), splitsOf(steps, len(buf))...); got != want {
			t.Fatalf("in pieces: %v, at once: %v", got, want)
		}
		checkParsed(t, rules, buf, want)
	})
}

// checkParsed checks what must hold for any response.
func checkParsed(t *testing.T, rules *Rules, buf []byte, o parsed) {
	t.Helper()
	switch {
	case o.n < 0 || o.n > min(len(buf), rules.MaxBytes) || o.n > 0 && o.err != nil:
		t.Fatalf("impossible: %v", o)
	case o.status != 0 && (o.status < 100 || o.status > 599):
		t.Fatalf("status %d", o.status)
	case o.n == 0 && o.err == nil && len(buf) >= rules.MaxBytes:
		t.Fatalf("waits for more than %d bytes", rules.MaxBytes)
	case o.n == 0:
		return
	}
	if head := buf[:o.n]; !bytes.HasSuffix(head, []byte("\r\n\r\n")) || !bytes.Contains(head, []byte(rfcAccept)) {
		t.Fatalf("accepted %q", head)
	}
}

// FuzzFrameReader checks that the events do not depend on where the stream is split.
// feedSplit checks that each call consumes something, and never more than there is.
func FuzzFrameReader(f *testing.F) {
	for _, s := range []string{
		close1000, "\x89\x03abc\x88\x00", "\x01\x01a\x8a\x00\x00\x00\x80\x01b" + close1000, "\x82\x7e\x00\x7e" + strings.Repeat("a", 130),
		"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", "\x82\x7e" + strings.Repeat("\x00", 20), "\x88\x7d" + strings.Repeat("\x0b", 125), closeWith(1012, "\xc3\xa4"), "\x81\x81", "\x80\x00",
	} {
		f.Add([]byte(s), []byte{1, 1, 2, 100})
	}
	f.Fuzz(func(t *testing.T, stream, steps []byte) {
		want := feedSplit(t, string(stream))
		if got := feedSplit(t, string(stream), splitsOf(steps, len(stream))...); got != want {
			t.Fatalf("in pieces: %s, at once: %s", got, want)
		}
		feedOn(t, stream)
	})
}

// feedOn goes on after errors and close frames, which a slot never does: even then
// nothing may be consumed twice or read out of bounds.
func feedOn(t *testing.T, stream []byte) {
	var r FrameReader
	for len(stream) > 0 {
		n, ev, _ := r.Feed(stream)
		if n <= 0 || n > len(stream) || len(r.Payload()) > 125 {
			t.Fatalf("consumed %d of %d bytes, event %d, payload of %d", n, len(stream), ev, len(r.Payload()))
		}
		stream = stream[n:]
	}
}

// FuzzRequest checks that net/http parses every request that NewRequest builds, and
// finds the configured headers in it and no others.
func FuzzRequest(f *testing.F) {
	f.Add("example.com", "/chat?x=1", "http://example.com", "chat, superchat", "Cookie", "a=b")
	f.Add("[::1]:9000", "", "", "", "X-A", " \t v ")
	f.Add("h", "//x:y@z/%2f", "null", "a", "hOsT", "other:81")
	f.Add("h\r\nX: y", "/a b", "x\n", "a\r", "Trailer", "a\r\nb: c")
	f.Add("h", "/", "", "", "Pragma", "no-cache")
	f.Add("h", "/", "", "", "origin", "https://\xe4")
	f.Fuzz(func(t *testing.T, host, target, origin, subprotocols, name, value string) {
		c := RequestConfig{Host: host, Target: target, Origin: origin, Headers: []Header{{name, value}}}
		if subprotocols != "" {
			c.Subprotocols = strings.Split(subprotocols, ", ")
		}
		r, err := NewRequest(c)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\r\n\x00") {
				t.Fatalf("error is not one line: %q", err)
			}
			return
		}
		checkReadBack(t, c, r.WithKey(exampleKey()))
	})
}

func checkReadBack(t *testing.T, c RequestConfig, request []byte) {
	t.Helper()
	rest := bufio.NewReader(bytes.NewReader(request))
	got, err := http.ReadRequest(rest)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	if rest.Buffered() != 0 {
		t.Fatalf("%q: %d bytes after the request", request, rest.Buffered())
	}
	want := wantedHeaders(c)
	if host := want["Host"][0]; got.Host != host {
		t.Fatalf("host %q, want %q", got.Host, host)
	}
	delete(want, "Host")
	if target := max(c.Target, "/"); got.RequestURI != target || got.Method != "GET" || got.Proto != "HTTP/1.1" {
		t.Fatalf("%s %q %s, want %q", got.Method, got.RequestURI, got.Proto, target)
	}
	if got.Header.Get("Pragma") == "no-cache" {
		got.Header.Del("Cache-Control") // net/http adds this one
	}
	for key, values := range want {
		if !slices.Equal(got.Header[key], values) {
			t.Fatalf("header %s: %q, want %q", key, got.Header[key], values)
		}
	}
	if len(got.Header) != len(want) {
		t.Fatalf("headers %v, want %v", got.Header, want)
	}
}

// wantedHeaders returns the headers that net/http must find, Host included.
func wantedHeaders(c RequestConfig) http.Header {
	h := http.Header{"Host": {c.Host}, "Upgrade": {"websocket"}, "Connection": {"Upgrade"},
		"Sec-Websocket-Key": {rfcKey}, "Sec-Websocket-Version": {"13"}}
	if c.Origin != "" {
		h.Set("Origin", c.Origin)
	}
	if len(c.Subprotocols) > 0 {
		h.Set("Sec-WebSocket-Protocol", strings.Join(c.Subprotocols, ", "))
	}
	for _, extra := range c.Headers {
		if value := strings.Trim(extra.Value, " \t"); strings.EqualFold(extra.Name, "Host") {
			h.Set("Host", value)
		} else {
			h.Add(extra.Name, value)
		}
	}
	return h
}
