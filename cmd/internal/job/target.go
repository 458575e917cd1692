package job

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The ports of URLs without one (RFC 6455 section 3).
const (
	defaultPort       = 80  // of ws://
	defaultSecurePort = 443 // of wss://
)

// target is the testee that a URL names, before its host name is looked up.
type target struct {
	url  *url.URL
	port uint16
	from netip.Addr // a source address, whose family the testee's address must have; zero: any family
}

// secure reports whether connections use TLS.
func (t target) secure() bool { return t.url.Scheme == "wss" }

// Secure reports whether a URL, as it was given, is of wss://.
func Secure(url string) bool {
	scheme, _, found := strings.Cut(url, "://")
	return found && strings.EqualFold(scheme, "wss")
}

// parseTarget reads a URL (RFC 6455 section 3). Errors say in one line
// what is wrong and what would be right, and never repeat a password.
func parseTarget(s string) (target, error) {
	if err := checkScheme(s); err != nil {
		return target{}, err
	}
	if err := checkEscapeOfZone(s); err != nil {
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
		return fmt.Errorf("URL %q has no scheme: must begin with ws:// or wss://", Mask(s))
	case lower == "https":
		return fmt.Errorf("URL: %s:// is not a WebSocket URL: use wss://", scheme)
	case lower != "ws" && lower != "wss":
		return fmt.Errorf("URL: %s:// is not a WebSocket URL: use ws:// or wss://", scheme)
	case rest == "":
		return fmt.Errorf("URL %q names no host: must have the form ws://HOST:PORT/PATH", Mask(s))
	}
	return nil
}

func checkParts(s string, u *url.URL) error {
	switch {
	case u.User != nil:
		return fmt.Errorf("URL: a user name or password is not allowed in %s:// (RFC 6455 section 3): "+
			"use --header 'Authorization: ...'", u.Scheme)
	case strings.Contains(s, "#"):
		return fmt.Errorf("URL %q: a fragment (#) is not allowed in %s:// (RFC 6455 section 3): write %%23 for the character", Mask(s), u.Scheme)
	case u.Hostname() == "":
		return fmt.Errorf("URL %q names no host: must have the form ws://HOST:PORT/PATH", Mask(s))
	}
	return checkAddress(s, u.Hostname())
}

// zoneForm is how a link-local address is written in a URL, as net/url reads it (RFC 6874
// section 2; its successor, RFC 9844, is about user interfaces).
const zoneForm = "ws://[fe80::1%25INTERFACE]:PORT/PATH"

// checkEscapeOfZone refuses a zone behind a bare %, which net/url takes for an escape.
func checkEscapeOfZone(s string) error {
	_, authority, _ := strings.Cut(s, "://")
	address, _, _ := strings.Cut(authority, "]")
	_, zone, found := strings.Cut(address, "%")
	if strings.HasPrefix(address, "[") && found && !strings.HasPrefix(zone, "25") {
		return fmt.Errorf("URL %q: the %% before a zone is written %%25: must have the form %s", Mask(s), zoneForm)
	}
	return nil
}

// checkAddress checks the zone of a host that is an address.
func checkAddress(s, host string) error {
	a, err := netip.ParseAddr(host)
	switch {
	case err == nil:
		err = checkZone(a)
	case strings.Contains(host, "%"):
		err = errOnlyLinkLocal
	default: // a name
		return nil
	}
	if err != nil {
		return fmt.Errorf("URL %q: %w: must have the form %s", Mask(s), err, zoneForm)
	}
	return nil
}

func portOf(u *url.URL) (uint16, error) {
	switch {
	case u.Port() != "":
	case u.Scheme == "wss":
		return defaultSecurePort, nil
	default:
		return defaultPort, nil
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || port == 0 {
		return 0, fmt.Errorf("URL: port %s: must be 1 to 65535", u.Port())
	}
	return uint16(port), nil
}

// addresses looks up the addresses of the testee, in the order in which they are to be
// tried. Without an error there is at least one.
func (t target) addresses(ctx context.Context, find Lookup) ([]netip.AddrPort, error) {
	host := t.url.Hostname()
	if literal, err := netip.ParseAddr(host); err == nil {
		return t.withPort([]netip.Addr{literal.Unmap()}), nil
	}
	all, err := find(ctx, "ip", host)
	if err == nil && len(all) == 0 {
		err = errors.New("it has no address")
	}
	if err != nil {
		return nil, unresolved(host, err)
	}
	all = slices.DeleteFunc(distinct(all), lacksZone)
	if len(all) == 0 {
		return nil, fmt.Errorf("host name %q has only link-local addresses without a zone: must have another, or be given as %s", host, zoneForm)
	}
	suiting := t.suiting(all)
	if len(suiting) == 0 {
		return nil, fmt.Errorf("host name %q has no %s address, and --source %v is one: must be of one family",
			host, family(t.from), t.from)
	}
	return t.withPort(interleaved(suiting)), nil
}

func (t target) withPort(all []netip.Addr) []netip.AddrPort {
	some := make([]netip.AddrPort, len(all))
	for i, a := range all {
		some[i] = netip.AddrPortFrom(a, t.port)
	}
	return some
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

// checkSource compares a source with a testee that the URL gives by address. A host name is
// checked when it is looked up.
func (t target) checkSource(from netip.Addr) error {
	literal, err := netip.ParseAddr(t.url.Hostname())
	switch {
	case err != nil:
		return nil
	case !sameFamily(literal, from):
		return fmt.Errorf("--source %v is %s, the testee's address %v is %s: must be of one family",
			from, family(from), literal, family(literal))
	case literal.Zone() != "" && from.Zone() != "" && literal.Zone() != from.Zone():
		return fmt.Errorf("--source %v and the testee's address %v have different zones: must be on one link", from, literal)
	}
	return nil
}

// distinct returns each address once: /etc/hosts may list one under several names.
func distinct(all []netip.Addr) (some []netip.Addr) {
	for _, a := range all {
		if a = a.Unmap(); !slices.Contains(some, a) {
			some = append(some, a)
		}
	}
	return some
}

// interleaved keeps the order of the resolver (RFC 6724) within a family, and takes the
// families in turn, so that one that does not work delays only every second attempt (RFC
// 8305 section 4).
func interleaved(all []netip.Addr) (mixed []netip.Addr) {
	var families [2][]netip.Addr // that of the first address comes first
	for _, a := range all {
		i := 0
		if !sameFamily(a, all[0]) {
			i = 1
		}
		families[i] = append(families[i], a)
	}
	for i := range all {
		for _, f := range families {
			if i < len(f) {
				mixed = append(mixed, f[i])
			}
		}
	}
	return mixed
}

func unresolved(host string, err error) error {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		err = errors.New(dns.Err)
	}
	return fmt.Errorf("host name %q does not resolve: %w: must be a known name or an IP address", host, err)
}
