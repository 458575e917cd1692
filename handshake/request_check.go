package handshake

import (
	"fmt"
	"slices"
	"strings"
)

// normalized fills in the default target, trims the values of extra headers and
// moves the headers Host and Origin to their fields. It does not modify the caller's
// slices.
func (c RequestConfig) normalized() (RequestConfig, error) {
	if c.Target == "" {
		c.Target = "/"
	}
	extra := c.Headers
	c.Headers = make([]Header, 0, len(extra))
	hosts := 0
	for _, h := range extra {
		h.Value = strings.Trim(h.Value, " \t") // OWS is not part of a value: RFC 7230 section 3.2.4
		switch strings.ToLower(h.Name) {
		case "host":
			if hosts++; hosts > 1 {
				return c, fmt.Errorf("header Host is given twice: give it once")
			}
			c.Host = h.Value
		case "origin":
			if c.Origin != "" {
				return c, fmt.Errorf("origin is given twice, %q and %q: give it once", c.Origin, h.Value)
			}
			if h.Value == "" {
				return c, fmt.Errorf("header Origin has no value: give one such as https://example.com, or leave it out")
			}
			c.Origin = h.Value
		default:
			c.Headers = append(c.Headers, h)
		}
	}
	return c, nil
}

// check reports the first thing that is wrong with a normalized configuration.
func (c *RequestConfig) check() error {
	for _, err := range []error{checkHost(c.Host), checkTarget(c.Target), checkOrigin(c.Origin), checkSubprotocols(c.Subprotocols)} {
		if err != nil {
			return err
		}
	}
	for _, h := range c.Headers {
		if err := checkHeader(h); err != nil {
			return err
		}
	}
	return nil
}

func checkHost(host string) error {
	if host == "" {
		return fmt.Errorf("host is empty: a host name or IP address is needed")
	}
	if i := prefixOf(host, classHost); i < len(host) {
		return fmt.Errorf("host %q: %q is not allowed in it; give host or host:port in ASCII (international names in their xn-- form)", host, host[i:i+1])
	}
	return nil
}

// checkTarget requires origin-form (RFC 7230 section 5.3.1). It does not check which
// visible characters ought to be escaped: real URLs are sloppy about that.
func checkTarget(target string) error {
	if target[0] != '/' {
		return fmt.Errorf("request target %q: must begin with /", target)
	}
	if i := prefixOf(target, classTarget); i < len(target) {
		return fmt.Errorf("request target %q: %q must be written as %%%02X", target, target[i:i+1], target[i])
	}
	if i := badEscape(target); i >= 0 {
		return fmt.Errorf("request target %q: %% must be followed by two hexadecimal digits, or be written as %%25", target)
	}
	return nil
}

// badEscape returns the index of the first "%" that is not followed by two
// hexadecimal digits (RFC 3986 section 2.1), or -1.
func badEscape(s string) int {
	for i := range len(s) {
		if s[i] == '%' && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])) {
			return i
		}
	}
	return -1
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func checkOrigin(origin string) error {
	if !isAll(origin, classTarget) {
		return fmt.Errorf("origin %q: must be visible ASCII such as https://example.com (RFC 6454)", origin)
	}
	return nil
}

// checkSubprotocols: RFC 6455 section 4.1, point 10 of the request's requirements.
func checkSubprotocols(names []string) error {
	for i, name := range names {
		if !isToken(name) {
			return fmt.Errorf("subprotocol %q: must be letters, digits and %s only", name, tokenMarks)
		}
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("subprotocol %q is given twice: each must be given once", name)
		}
	}
	return nil
}

func checkHeader(h Header) error {
	switch {
	case !isToken(h.Name):
		return fmt.Errorf("header name %q: must be letters, digits and %s only", h.Name, tokenMarks)
	case ownedByHandshake(strings.ToLower(h.Name)):
		return fmt.Errorf("header %s belongs to the opening handshake: it cannot be set", h.Name)
	}
	if !isAll(h.Value, classText) || strings.Contains(h.Value, "\t") {
		return fmt.Errorf("value %q of header %s: must not contain line ends or other control characters", h.Value, h.Name)
	}
	return nil
}

// ownedByHandshake reports whether a header cannot be set without breaking the
// handshake: those of RFC 6455 section 4.1, and those that announce a body (RFC 7230
// section 3.3).
func ownedByHandshake(lower string) bool {
	switch lower {
	case "upgrade", "connection", "content-length", "transfer-encoding":
		return true
	}
	return strings.HasPrefix(lower, "sec-websocket-")
}
