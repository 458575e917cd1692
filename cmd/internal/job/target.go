package job

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// defaultPort is the port of a ws:// URL without one (RFC 6455 section 3).
const defaultPort = 80

// target is the testee that a URL names, before its host name is looked up.
type target struct {
	url  *url.URL
	port uint16
	from netip.Addr // a source address, whose family the testee's address must have; zero: any family
}

// parseTarget reads a ws:// URL (RFC 6455 section 3). Errors say in one line
// what is wrong and what would be right, and never repeat a password.
func parseTarget(s string) (target, error) {
	if err := checkScheme(s); err != nil {
		return target{}, err
	}
	u, err := url.Parse(s)
	if err != nil {
		var syntax *url.Error
		if errors.As(err, &syntax) {
			err = syntax.Err
		}
		if strings.Contains(s, "@") {
			err = errors.New("it is malformed around its @") // net/url would repeat part of a password
		}
		return target{}, fmt.Errorf("URL: %w: must have the form ws://HOST:PORT/PATH", err)
	}
	if err := checkParts(s, u); err != nil {
		return target{}, err
	}
	port, err := portOf(u)
	return target{url: u, port: port}, err
}

func checkScheme(s string) error {
	scheme, rest, found := strings.Cut(s, "://")
	switch lower := strings.ToLower(scheme); {
	case !found || strings.ContainsAny(scheme, "/?#@"):
		return fmt.Errorf("URL %q has no scheme: must begin with ws://", Mask(s))
	case lower == "wss":
		return errors.New("URL: wss:// (TLS) is not supported yet: use ws://")
	case lower != "ws":
		return fmt.Errorf("URL: %s:// is not a WebSocket URL: use ws://", scheme)
	case rest == "":
		return fmt.Errorf("URL %q names no host: must have the form ws://HOST:PORT/PATH", Mask(s))
	}
	return nil
}

func checkParts(s string, u *url.URL) error {
	switch {
	case u.User != nil:
		return errors.New("URL: a user name or password is not allowed in ws:// (RFC 6455 section 3): " +
			"use --header 'Authorization: ...'")
	case strings.Contains(s, "#"):
		return fmt.Errorf("URL %q: a fragment (#) is not allowed in ws:// (RFC 6455 section 3): write %%23 for the character", Mask(s))
	case u.Hostname() == "":
		return fmt.Errorf("URL %q names no host: must have the form ws://HOST:PORT/PATH", Mask(s))
	case strings.Contains(u.Hostname(), "%"):
		return fmt.Errorf("URL %q: an address with a zone is not supported: use an address without %%", Mask(s))
	}
	return nil
}

func portOf(u *url.URL) (uint16, error) {
	if u.Port() == "" {
		return defaultPort, nil
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || port == 0 {
		return 0, fmt.Errorf("URL: port %s: must be 1 to 65535", u.Port())
	}
	return uint16(port), nil
}

// resolve looks up the address to connect to. Of those in the sources' family, it
// takes the first IPv4 address, or if there is none the first address.
func (t target) resolve(ctx context.Context, find Lookup) (netip.AddrPort, error) {
	host := t.url.Hostname()
	if literal, err := netip.ParseAddr(host); err == nil {
		return netip.AddrPortFrom(literal.Unmap(), t.port), nil
	}
	all, err := find(ctx, "ip", host)
	if err == nil && len(all) == 0 {
		err = errors.New("it has no address")
	}
	if err != nil {
		return netip.AddrPort{}, unresolved(host, err)
	}
	suiting := t.suiting(all)
	if len(suiting) == 0 {
		return netip.AddrPort{}, fmt.Errorf("host name %q has no %s address, and --source %v is one: must be of one family",
			host, family(t.from), t.from)
	}
	return netip.AddrPortFrom(preferred(suiting), t.port), nil
}

// suiting returns the addresses in the family of the sources.
func (t target) suiting(all []netip.Addr) (some []netip.Addr) {
	for _, a := range all {
		if !t.from.IsValid() || sameFamily(a, t.from) {
			some = append(some, a)
		}
	}
	return some
}

// checkFamily compares the families of the sources and of a testee that the URL
// gives by address. A host name is checked when it is looked up.
func (t target) checkFamily() error {
	literal, err := netip.ParseAddr(t.url.Hostname())
	if err != nil || sameFamily(literal, t.from) {
		return nil
	}
	return fmt.Errorf("--source %v is %s, the testee's address %v is %s: must be of one family",
		t.from, family(t.from), literal, family(literal))
}

// preferred chooses IPv4 if there is a choice: a server on "localhost" listens on
// 127.0.0.1 more often than on ::1.
func preferred(all []netip.Addr) netip.Addr {
	for _, a := range all {
		if a.Unmap().Is4() {
			return a.Unmap()
		}
	}
	return all[0]
}

func unresolved(host string, err error) error {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		err = errors.New(dns.Err)
	}
	return fmt.Errorf("host name %q does not resolve: %w: must be a known name or an IP address", host, err)
}
