package job

import (
	"bufio"
	"bytes"
	"cmp"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"wsperf/cmd/internal/uitest"
	"wsperf/engine/host"
	"wsperf/handshake"
	"wsperf/stats"
)

// sent returns the opening handshake of a configuration as net/http reads it: one
// HTTP/1.1 request and nothing after it. It returns nil if the configuration is
// refused.
func sent(t *testing.T, c handshake.RequestConfig) *http.Request {
	t.Helper()
	request, err := handshake.NewRequest(c)
	if err != nil {
		uitest.OneLine(t, err)
		return nil
	}
	var key handshake.Key
	key.Set(new([16]byte))
	data := request.WithKey(&key)
	in := bufio.NewReader(bytes.NewReader(data))
	got, err := http.ReadRequest(in)
	if err != nil {
		t.Fatalf("%q: %v", data, err)
	}
	if in.Buffered() > 0 || got.Method != "GET" || got.Proto != "HTTP/1.1" || got.ContentLength != 0 || got.TransferEncoding != nil {
		t.Fatalf("%q is not one GET request of HTTP/1.1 without a body", data)
	}
	return got
}

// ownHeaders are the headers that every opening handshake has (RFC 6455 section 4.1),
// without Host, which net/http keeps elsewhere.
var ownHeaders = []string{"Connection", "Sec-Websocket-Key", "Sec-Websocket-Version", "Upgrade"}

// mustHaveOnly expects the handshake's own headers and n values of others.
func mustHaveOnly(t *testing.T, r *http.Request, n int) {
	t.Helper()
	for _, name := range ownHeaders {
		if len(r.Header[name]) != 1 {
			t.Fatalf("header %s: %q", name, r.Header[name])
		}
	}
	for name, values := range r.Header {
		if !slices.Contains(ownHeaders, name) {
			n -= len(values)
		}
	}
	if n != 0 {
		t.Fatalf("headers %v: %d are missing, or too many if negative", r.Header, n)
	}
}

// FuzzURL checks that an accepted URL makes one request, for its host and path.
func FuzzURL(f *testing.F) {
	for _, s := range []string{
		"ws://example.org", "WS://example.org:80/", "ws://example.org:9000/chat?room=1&x=%23", "ws://[::1]:65535/", "ws://127.0.0.1?q",
		"ws://[fe80::1%25eth0]/", "ws://user:secret@example.org/", "ws://example.org/#a", "ws://example.org:0/", "ws://ex%41mple.org/",
		"ws://example.org/\r\nX: y", "ws://example.org/a b\x00", "ws://exämple.org/ä?ö", "wss://x", "ws:/x", "ws://h:1:2/", "ws://h//x:y@z/%2f", "ws://h/%", "ws://h?a=\x7f",
		"\x1b[31mws://x", "http\x9b://x", "ws://\u0085/", "ws://h/;a?b?c", "ws://h:/", "ws://%0d%0aX:%20y/",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		target, err := parseTarget(s)
		if err != nil {
			uitest.OneLine(t, err)
			return
		}
		host, path := handshake.HostHeader(target.url), handshake.RequestTarget(target.url)
		r := sent(t, handshake.RequestConfig{Host: host, Target: path})
		if r == nil {
			return
		}
		mustHaveOnly(t, r, 0)
		if target.port == 0 || r.Host != host || r.RequestURI != path || host == "" || path[0] != '/' {
			t.Fatalf("%q: request for %q of %q, want %q of %q, port %d", s, r.RequestURI, r.Host, path, host, target.port)
		}
	})
}

// FuzzHeaders checks that each accepted header is sent once, and adds no other header.
func FuzzHeaders(f *testing.F) {
	for _, lines := range [][2]string{
		{"Cookie: id=7", "Authorization: Basic dTpw"}, {"X-A:", "x-a: \t b \t"}, {"Host: other:81", "Origin: https://example.org"},
		{"no colon", ": no name"}, {"A: b\r\nC: d", "A: b\nC: d"}, {"A: b\x00", "A\r: b"}, {"A : b", "Ä: b"}, {"Upgrade: h2c", "content-length: 5"},
		{"Sec-WebSocket-Key: x", "Transfer-Encoding: chunked"}, {"A: \xff\xfe", "B: \u0085"}, {"A: b: c", "A: \x1b[31m"}, {"Host: a", "host: b"}, {"Pragma: no-cache", "A: ä"},
	} {
		f.Add(lines[0], lines[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if err := cmp.Or(checkHeaderLine(a), checkHeaderLine(b)); err != nil {
			uitest.OneLine(t, err)
			return
		}
		headers := parseHeaders([]string{a, b})
		if r := sent(t, handshake.RequestConfig{Host: "example.org", Headers: headers}); r != nil {
			mustHaveSent(t, r, headers)
		}
	})
}

func mustHaveSent(t *testing.T, r *http.Request, headers []handshake.Header) {
	t.Helper()
	n := len(headers)
	for _, h := range headers {
		values := r.Header.Values(h.Name)
		if strings.EqualFold(h.Name, "Host") {
			n, values = n-1, []string{r.Host}
		}
		if !slices.Contains(values, h.Value) {
			t.Fatalf("header %q is sent as %q", h, values)
		}
	}
	if r.Header.Get("Pragma") == "no-cache" && len(r.Header["Cache-Control"]) == 1 && !names(headers, "Cache-Control") {
		r.Header.Del("Cache-Control") // net/http has added it
	}
	mustHaveOnly(t, r, n)
}

func names(headers []handshake.Header, name string) bool {
	return slices.ContainsFunc(headers, func(h handshake.Header) bool { return strings.EqualFold(h.Name, name) })
}

// FuzzCPUs checks that an accepted list has valid CPU numbers without duplicates, and
// that FormatCPUs writes a list that is parsed to the same CPUs.
func FuzzCPUs(f *testing.F) {
	for _, s := range []string{"0", "1,3", "0-3,6", "3,1", "0-1023", "1023-0", "1-1", "0,0", "", ",", "-", "1-", "-1", "1-2-3", " 1 , 2 ", "65536", "00", "+1", "1\x00", "0-99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		cpus, err := ParseCPUs(s)
		if err != nil {
			uitest.OneLine(t, err)
			return
		}
		slices.Sort(cpus)
		if len(cpus) == 0 || cpus[0] < 0 || cpus[len(cpus)-1] >= host.MaxCPUs || len(slices.Compact(slices.Clone(cpus))) != len(cpus) {
			t.Fatalf("%q: CPUs %v", s, cpus)
		}
		if again, err := ParseCPUs(host.FormatCPUs(cpus)); err != nil || !slices.Equal(again, cpus) {
			t.Fatalf("%q: %v, and written again %v, %v", s, cpus, again, err)
		}
	})
}

// FuzzSources checks that an accepted list has unicast addresses of one family without
// duplicates, and that it is parsed to the same addresses when it is written again.
func FuzzSources(f *testing.F) {
	for _, s := range []string{
		"127.0.0.2-127.0.0.20", "10.0.0.5,10.0.0.7", "::1", "2001:db8::1-2001:db8::ff", "fe80::1%eth0", "::ffff:127.0.0.1", "127.0.0.1,::1",
		"127.0.0.9-127.0.0.2", "0.0.0.0-255.255.255.255", "::-ffff::", "255.255.255.255", "255.255.255.254-255.255.255.255", "224.0.0.1", "ff02::1", "127.0.0.1,127.0.0.1",
		"", ",", "-", "127.0.0.1-", "127.0.0.1-127.0.0.3-127.0.0.5", " 127.0.0.1 , 127.0.0.2 ", "fe80::1%e-f", "fe80::1%a,fe80::1%b", "fe80::1%\x1b[31m", "1.2.3", "127.0.0.01", "::1%lo",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		all, err := parseSources(s)
		if err != nil {
			uitest.OneLine(t, err)
			return
		}
		if len(all) == 0 || len(all) > stats.MaxSources {
			t.Fatalf("%q: %d addresses", s, len(all))
		}
		for _, a := range all {
			if !a.IsValid() || a.IsUnspecified() || a.IsMulticast() || a.Is4In6() || a.Is4() != all[0].Is4() {
				t.Fatalf("%q: address %v, the first is %v", s, a, all[0])
			}
		}
		if again, err := parseSources(joined(all)); err != nil || !slices.Equal(again, all) {
			t.Fatalf("%q: %d addresses, and written again %d, %v", s, len(all), len(again), err)
		}
		if slices.SortFunc(all, netip.Addr.Compare); len(slices.Compact(slices.Clone(all))) != len(all) {
			t.Fatalf("%q: duplicate address", s)
		}
	})
}

func joined(all []netip.Addr) string {
	var list []string
	for _, a := range all {
		list = append(list, a.String())
	}
	return strings.Join(list, ",")
}
