package handshake

import (
	"net/url"
	"testing"
)

func TestHostHeaderAndRequestTarget(t *testing.T) {
	tests := []struct{ url, host, target string }{
		{"ws://example.com", "example.com", "/"},
		{"ws://example.com:80/", "example.com", "/"},
		{"ws://example.com:443/", "example.com:443", "/"},
		{"wss://example.com:443/", "example.com", "/"},
		{"wss://example.com:80/", "example.com:80", "/"},
		{"ws://example.com:/", "example.com", "/"},
		{"ws://127.0.0.1:9000/chat?x=1&y=%20", "127.0.0.1:9000", "/chat?x=1&y=%20"},
		{"ws://user:pass@h:81?q", "h:81", "/?q"},
		{"ws://h?", "h", "/"},
		{"ws://h/a%2Fb", "h", "/a%2Fb"},
		{"ws://h/\u00e4", "h", "/%C3%A4"},
		{"ws://h/a b", "h", "/a%20b"},
		{"ws://h/?q=\u00e4", "h", "/?q=%C3%A4"},
		{"ws://h/\u00e4 b?q=\u00e4 b", "h", "/%C3%A4%20b?q=%C3%A4%20b"},
		{"ws://h/%C3%A4\u00e4%2Fb?q=%C3%A4\u00e4%2F%20", "h", "/%C3%A4%C3%A4%2Fb?q=%C3%A4%C3%A4%2F%20"},
		{"ws://h/a%23%20?a%23%20", "h", "/a%23%20?a%23%20"},
		{"ws://h/\"<>\\^`{|}?\"<>\\^`{|}", "h", "/%22%3C%3E%5C%5E%60%7B%7C%7D?%22%3C%3E%5C%5E%60%7B%7C%7D"},
		{"ws://h/-._~!$&'()*+,;=:@[]?-._~!$&'()*+,;=:@[]/?", "h", "/-._~!$&'()*+,;=:@[]?-._~!$&'()*+,;=:@[]/?"},
		{"ws://h//x", "h", "//x"},
		{"ws://h/a#frag", "h", "/a"},
		{"ws://[::1]:80/", "[::1]", "/"},
		{"ws://[2001:db8::1]:9001/", "[2001:db8::1]:9001", "/"},
		{"ws://[fe80::1%25eth0]:9001/", "[fe80::1]:9001", "/"},
	}
	for _, tt := range tests {
		u, err := url.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		host, target := HostHeader(u), RequestTarget(u)
		if host != tt.host || target != tt.target {
			t.Errorf("%s: host %q, target %q, want %q, %q", tt.url, host, target, tt.host, tt.target)
		}
		mustRequest(t, RequestConfig{Host: host, Target: target})
	}
}
