package handshake

import (
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

// RequestTarget returns the request target of u in origin-form: the escaped
// path, or "/" if it is empty, and "?" with the query if there is one (RFC 6455
// section 3, resource name).
func RequestTarget(u *url.URL) string {
	target := u.EscapedPath()
	if target == "" {
		target = "/"
	}
	if u.RawQuery != "" {
		target += "?" + u.RawQuery
	}
	return target
}
