package handshake

import (
	"fmt"
	"net/url"
	"strings"
)

// HostHeader returns the value of the Host header for u. It omits the scheme's
// default port: 80 for ws, 443 for wss (RFC 6455 sections 3 and 4.1, RFC 7230
// section 5.4).
func HostHeader(u *url.URL) string {
	host := u.Hostname()
	if strings.Contains(host, ":") {
		// The zone has a meaning on this machine only: RFC 6874 section 4.
		host, _, _ = strings.Cut(host, "%")
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" && port != defaultPort(u.Scheme) {
		host += ":" + port
	}
	return host
}

func defaultPort(scheme string) string {
	switch scheme {
	case "ws":
		return "80"
	case "wss":
		return "443"
	}
	return ""
}

// RequestTarget returns the request target of u in origin-form: the path, or "/" if
// it is empty, and "?" with the query if there is one (RFC 6455 section 3, resource
// name). Both are escaped alike, by Escape.
func RequestTarget(u *url.URL) string {
	target := escapedPath(u)
	if target == "" {
		target = "/"
	}
	if u.RawQuery != "" {
		target += "?" + Escape(u.RawQuery)
	}
	return target
}

// escapedPath keeps the escapes that the path was written with. EscapedPath of net/url
// loses them when it has to add one: of "/a%2Fb c" it makes /a/b%20c, which is another
// resource than /a%2Fb%20c.
func escapedPath(u *url.URL) string {
	if path, err := url.PathUnescape(u.RawPath); err != nil || path != u.Path {
		return u.EscapedPath()
	}
	return Escape(u.RawPath)
}

// Escape percent-encodes each byte of a path or query that RFC 3986 does not allow
// there (sections 2.1, 3.3 and 3.4); "[" and "]" stay, as browsers leave them. An
// escape stays as it is, as does a "%" that begins none.
func Escape(s string) string {
	if isAll(s, classPlain) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if classes[s[i]]&classPlain != 0 {
			b.WriteByte(s[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", s[i])
		}
	}
	return b.String()
}
