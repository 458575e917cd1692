package handshake

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

func mustRequest(t testing.TB, c RequestConfig) *Request {
	t.Helper()
	r, err := NewRequest(c)
	if err != nil {
		t.Fatalf("NewRequest(%+v): %v", c, err)
	}
	return r
}

func TestRequestBytes(t *testing.T) {
	const fixed = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + rfcKey + "\r\nSec-WebSocket-Version: 13\r\n"
	tests := []struct {
		name string
		c    RequestConfig
		want string
	}{
		{"minimal", RequestConfig{Host: "example.com"},
			"GET / HTTP/1.1\r\nHost: example.com\r\n" + fixed + "\r\n"},
		{"all fields", RequestConfig{Host: "[::1]:9000", Target: "/chat?x=1%20", Origin: "http://example.com",
			Subprotocols: []string{"chat", "superchat"}, Headers: []Header{{"Cookie", "a=b"}, {"X-Empty", ""}, {"cookie", "c=d"}}},
			"GET /chat?x=1%20 HTTP/1.1\r\nHost: [::1]:9000\r\n" + fixed + "Origin: http://example.com\r\n" +
				"Sec-WebSocket-Protocol: chat, superchat\r\nCookie: a=b\r\nX-Empty: \r\ncookie: c=d\r\n\r\n"},
		{"Host replaced", RequestConfig{Host: "127.0.0.1:9000", Headers: []Header{{"hOsT", " example.com "}}},
			"GET / HTTP/1.1\r\nHost: example.com\r\n" + fixed + "\r\n"},
		{"Origin as header", RequestConfig{Host: "h", Headers: []Header{{"X-A", "1"}, {"origin", "null"}}},
			"GET / HTTP/1.1\r\nHost: h\r\n" + fixed + "Origin: null\r\nX-A: 1\r\n\r\n"},
		{"values trimmed, other text kept", RequestConfig{Host: "h", Headers: []Header{{"X-A", " \tg\u00fcn stig\t"}}},
			"GET / HTTP/1.1\r\nHost: h\r\n" + fixed + "X-A: g\u00fcn stig\r\n\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := mustRequest(t, tt.c)
			if got := string(r.WithKey(exampleKey())); got != tt.want {
				t.Errorf("got\n%q, want\n%q", got, tt.want)
			}
			if r.Len() != len(tt.want) {
				t.Errorf("Len %d, want %d", r.Len(), len(tt.want))
			}
		})
	}
}

func TestRequestDoesNotModifyItsConfig(t *testing.T) {
	headers := []Header{{"Host", "a"}, {"X-A", " 1 "}, {"Origin", "null"}}
	before := append([]Header(nil), headers...)
	mustRequest(t, RequestConfig{Host: "h", Headers: headers})
	if !reflect.DeepEqual(headers, before) {
		t.Errorf("headers changed to %v", headers)
	}
}

// with returns the smallest valid configuration, changed by f.
func with(f func(*RequestConfig)) RequestConfig {
	c := RequestConfig{Host: "h"}
	f(&c)
	return c
}

func withHeader(name, value string) RequestConfig {
	return RequestConfig{Host: "h", Headers: []Header{{name, value}}}
}

func withTarget(s string) RequestConfig { return RequestConfig{Host: "h", Target: s} }

func TestRequestRefuses(t *testing.T) {
	tests := []struct {
		name string
		c    RequestConfig
		want string // part of the error
	}{
		{"no host", RequestConfig{}, "host is empty"},
		{"empty Host header", withHeader("Host", " "), "host is empty"},
		{"CRLF in host", RequestConfig{Host: "h\r\nX: y"}, `"\r" is not allowed`},
		{"space in host", RequestConfig{Host: "a b"}, `" " is not allowed`},
		{"path in host", RequestConfig{Host: "h/x"}, `"/" is not allowed`},
		{"international host", RequestConfig{Host: "m\u00fcller.de"}, "xn--"},
		{"Host twice", RequestConfig{Host: "h", Headers: []Header{{"Host", "a"}, {"host", "a"}}}, "Host is given twice"},

		{"relative target", withTarget("chat"), "must begin with /"},
		{"absolute target", withTarget("ws://h/"), "must begin with /"},
		{"space in target", withTarget("/a b"), "must be written as %20"},
		{"CR in target", withTarget("/a\rb"), "must be written as %0D"},
		{"LF in target", withTarget("/a\nb"), "must be written as %0A"},
		{"NUL in target", withTarget("/a\x00b"), "must be written as %00"},
		{"DEL in target", withTarget("/a\x7fb"), "must be written as %7F"},
		{"fragment", withTarget("/a#b"), "must be written as %23"},
		{"non-ASCII in target", withTarget("/\u00e4"), "must be written as %C3"},
		{"bad escape", withTarget("/%4"), "two hexadecimal digits"},
		{"bad escape in query", withTarget("/?100%x0"), "two hexadecimal digits"},

		{"LF in origin", with(func(c *RequestConfig) { c.Origin = "http://a\n" }), "visible ASCII"},
		{"space in origin", with(func(c *RequestConfig) { c.Origin = " " }), "visible ASCII"},
		{"origin as field and header", RequestConfig{Host: "h", Origin: "http://a", Headers: []Header{{"ORIGIN", "http://b"}}}, "origin is given twice"},
		{"origin header twice", RequestConfig{Host: "h", Headers: []Header{{"Origin", "a"}, {"Origin", "b"}}}, "origin is given twice"},
		{"empty origin header", withHeader("Origin", ""), "has no value"},

		{"empty subprotocol", with(func(c *RequestConfig) { c.Subprotocols = []string{"a", ""} }), `subprotocol ""`},
		{"comma in subprotocol", with(func(c *RequestConfig) { c.Subprotocols = []string{"a,b"} }), `subprotocol "a,b"`},
		{"CRLF in subprotocol", with(func(c *RequestConfig) { c.Subprotocols = []string{"a\r\n"} }), `subprotocol "a\r\n"`},
		{"repeated subprotocol", with(func(c *RequestConfig) { c.Subprotocols = []string{"a", "b", "a"} }), "given twice"},

		{"empty header name", withHeader("", "x"), `header name ""`},
		{"space in header name", withHeader("X A", "x"), `header name "X A"`},
		{"colon in header name", withHeader("X:", "x"), `header name "X:"`},
		{"LF in header name", withHeader("X\nY", "x"), `header name "X\nY"`},
		{"non-ASCII in header name", withHeader("\u00e4", "x"), "header name"},
		{"CR in value", withHeader("X", "a\rb"), "of header X"},
		{"LF in value", withHeader("X", "a\nb"), "of header X"},
		{"NUL in value", withHeader("X", "a\x00b"), "of header X"},
		{"HTAB in value", withHeader("X", "a\tb"), "of header X"},
		{"DEL in value", withHeader("X", "a\x7f"), "of header X"},
	}
	for _, name := range []string{"Upgrade", "CONNECTION", "sec-websocket-key", "Sec-WebSocket-Version",
		"Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Content-Length", "transfer-encoding"} {
		tests = append(tests, struct {
			name string
			c    RequestConfig
			want string
		}{name, withHeader(name, "x"), "belongs to the opening handshake"})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := NewRequest(tt.c)
			if err == nil {
				t.Fatalf("accepted: %q", r.bytes)
			}
			if !strings.Contains(err.Error(), tt.want) || strings.ContainsAny(err.Error(), "\r\n\x00") {
				t.Errorf("error %q, want one line with %q", err, tt.want)
			}
		})
	}
}

func TestCloneSharesNoBytes(t *testing.T) {
	r := mustRequest(t, RequestConfig{Host: "h"})
	first := bytes.Clone(r.WithKey(exampleKey()))
	var other Key
	other.Set((*[16]byte)([]byte("0123456789abcdef")))
	second := r.Clone().WithKey(&other)
	if !bytes.Equal(r.bytes, first) {
		t.Errorf("the clone's key was written into the original")
	}
	if !bytes.Contains(second, other[:]) {
		t.Errorf("clone %q lacks the key %s", second, other[:])
	}
}

func TestWithKeyAllocatesNothing(t *testing.T) {
	r, k := mustRequest(t, RequestConfig{Host: "h"}), exampleKey()
	noAllocs(t, "WithKey", func() { r.WithKey(k) })
}
