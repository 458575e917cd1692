package job

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
)

func TestParseTarget(t *testing.T) {
	for _, c := range []struct {
		in, host, path string
		port           uint16
	}{
		{"ws://example.org", "example.org", "/", 80},
		{"WS://example.org:/", "example.org", "/", 80},
		{"ws://example.org:9000/chat?room=1&x=%23", "example.org", "/chat?room=1&x=%23", 9000},
		{"ws://[::1]:65535/", "::1", "/", 65535},
		{"wss://example.org", "example.org", "/", 443},
		{"WSS://example.org:80/", "example.org", "/", 80},
		{"wss://[::1]:9000/a", "::1", "/a", 9000},
		{"ws://127.0.0.1?q", "127.0.0.1", "/?q", 80},
		{"ws://[fe80::1%25eth0]:9301/", "fe80::1%eth0", "/", 9301},
		{"ws://169.254.0.1/[%41]", "169.254.0.1", "/[%41]", 80}, // an IPv4 link-local address has no zone
	} {
		got, err := parseTarget(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if got.url.Hostname() != c.host || got.port != c.port || got.url.RequestURI() != c.path {
			t.Errorf("%s: host %q port %d path %q", c.in, got.url.Hostname(), got.port, got.url.RequestURI())
		}
	}
}

func TestParseTargetRefuses(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "has no scheme: must begin with ws:// or wss://"},
		{"example.org", "has no scheme"},
		{"localhost:9000", "has no scheme"},
		{"ws:/example.org", "has no scheme"},
		{"//example.org", "has no scheme"},
		{"user@ws://example.org", "has no scheme"},
		{"http://example.org", "http:// is not a WebSocket URL: use ws:// or wss://"},
		{"HTTPS://example.org", "HTTPS:// is not a WebSocket URL: use wss://"},
		{"wss://", "names no host"},
		{"wss://:443/", "names no host"},
		{"wss://user:secret@example.org/", "a user name or password is not allowed in wss:// (RFC 6455 section 3)"},
		{"WSS://example.org/#a", "a fragment (#) is not allowed in wss:// (RFC 6455 section 3)"},
		{"ws://", "names no host"},
		{"ws:///chat", "names no host"},
		{"ws://:9000/", "names no host"},
		{"ws://user@example.org/", "a user name or password is not allowed"},
		{"ws://user:secret@example.org/", "a user name or password is not allowed"},
		{"ws://example.org/#", "a fragment (#) is not allowed"},
		{"ws://example.org/#a", "a fragment (#) is not allowed"},
		{"ws://example.org:0/", "port 0: must be 1 to 65535"},
		{"ws://example.org:65536/", "port 65536: must be 1 to 65535"},
		{"ws://example.org:http/", "invalid port"},
		{"ws://[::1/", "missing ']'"},
		{"ws://[fe80::1]/", `URL "ws://[fe80::1]/": a link-local address needs a zone, the interface that leads to it: must have the form ws://[fe80::1%25INTERFACE]:PORT/PATH`},
		{"ws://[fe80::1%25]/", "zone must be a non-empty string"},
		{"ws://[fe80::1%eth0]/", "the % before a zone is written %25: must have the form ws://[fe80::1%25INTERFACE]:PORT/PATH"},
		{"ws://[fe80::1%be0]/", "the % before a zone is written %25"},
		{"ws://[::1%25lo]/", "only a link-local IPv6 address can have a zone: must have the form"},
		{"ws://127.0.0.1%25lo/", "only a link-local IPv6 address can have a zone"},
		{"ws://localhost%25lo/", "only a link-local IPv6 address can have a zone"},
		{"ws://example.org/\r\nX: y", "invalid control character"},
		{"ws://exa mple.org/", "invalid character"},
	} {
		_, err := parseTarget(c.in)
		switch {
		case err == nil:
			t.Errorf("%q is accepted", c.in)
		case !strings.Contains(err.Error(), c.want):
			t.Errorf("%q: %v, want %q", c.in, err, c.want)
		case strings.Contains(err.Error(), "secret"), strings.ContainsAny(err.Error(), "\r\n"):
			t.Errorf("%q: the error repeats what it should not: %v", c.in, err)
		}
	}
}

// answer makes a lookup that gives the same answer for every name.
func answer(err error, addrs ...string) Lookup {
	return func(context.Context, string, string) ([]netip.Addr, error) {
		var all []netip.Addr
		for _, a := range addrs {
			all = append(all, netip.MustParseAddr(a))
		}
		return all, err
	}
}

func TestAddresses(t *testing.T) {
	failing := answer(errors.New("an address needs no lookup"))
	for _, c := range []struct {
		name, url, want string
		find            Lookup
	}{
		{"IPv4", "ws://192.0.2.1:9/", "[192.0.2.1:9]", failing},
		{"IPv6", "ws://[2001:db8::1]/", "[[2001:db8::1]:80]", failing},
		{"IPv4 in IPv6", "ws://[::ffff:192.0.2.1]/", "[192.0.2.1:80]", failing},
		{"zone", "ws://[fe80::1%25eth0]:9/", "[[fe80::1%eth0]:9]", failing},
		{"TLS", "wss://[::ffff:192.0.2.1]/", "[192.0.2.1:443]", failing},
		{"IPv6 first", "ws://localhost:9/", "[[::1]:9 127.0.0.1:9]", answer(nil, "::1", "127.0.0.1")},
		{"IPv4 first", "ws://localhost:9/", "[127.0.0.1:9 [::1]:9]", answer(nil, "127.0.0.1", "::1")},
		{"named twice", "ws://localhost:9/", "[127.0.0.1:9 [::1]:9]", answer(nil, "127.0.0.1", "::ffff:127.0.0.1", "::1", "127.0.0.1")},
		{"interleaved", "ws://many.example/", "[[fd00::1]:80 192.0.2.1:80 [fd00::2]:80 192.0.2.2:80 [fd00::3]:80]",
			answer(nil, "fd00::1", "fd00::2", "fd00::3", "192.0.2.1", "192.0.2.2")},
		{"link-local", "ws://near.example/", "[[fe80::2%eth0]:80 192.0.2.1:80]", answer(nil, "fe80::1", "fe80::2%eth0", "192.0.2.1")},
	} {
		target, err := parseTarget(c.url)
		if err != nil {
			t.Fatal(err)
		}
		got, err := target.addresses(t.Context(), c.find)
		if err != nil || fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v, %v, want %s", c.name, got, err, c.want)
		}
	}
}

func TestAddressesFail(t *testing.T) {
	target, err := parseTarget("ws://example.org/")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		find Lookup
		want string
	}{
		{answer(nil), `host name "example.org" does not resolve: it has no address: must be a known name or an IP address`},
		{answer(&net.DNSError{Err: "no such host", Name: "example.org", Server: "192.0.2.53:53"}),
			`host name "example.org" does not resolve: no such host: must be a known name or an IP address`},
		{answer(nil, "fe80::1", "fe80::2"),
			`host name "example.org" has only link-local addresses without a zone: must have another, or be given as ws://[fe80::1%25INTERFACE]:PORT/PATH`},
	} {
		if _, err := target.addresses(t.Context(), c.find); err == nil || err.Error() != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}
