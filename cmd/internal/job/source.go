package job

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"wsperf/stats"
)

const wantSources = "must be a list such as 127.0.0.2-127.0.0.20 or 10.0.0.5,10.0.0.7"

// sourceTexts expands a list to its addresses, as text.
func sourceTexts(list string) ([]string, error) {
	all, err := parseSources(list)
	texts := make([]string, len(all))
	for i, a := range all {
		texts[i] = a.String()
	}
	return texts, err
}

// parseSources reads a list of addresses and ranges of addresses, all IPv4 or all
// IPv6. It keeps the order. An address may be named once.
func parseSources(list string) ([]netip.Addr, error) {
	s := sourceList{known: make(map[netip.Addr]bool)}
	for part := range strings.SplitSeq(list, ",") {
		if err := s.addPart(strings.TrimSpace(part)); err != nil {
			return nil, fmt.Errorf("%w: %s", err, wantSources)
		}
	}
	return s.all, nil
}

// sourceList is the part of a list that has been read.
type sourceList struct {
	all   []netip.Addr
	known map[netip.Addr]bool
}

func (s *sourceList) addPart(part string) error {
	first, last, err := parseAddresses(part)
	if err != nil {
		return err
	}
	for a := first; ; a = a.Next() {
		if err := s.add(a); err != nil {
			return err
		}
		if a == last {
			return nil
		}
	}
}

func (s *sourceList) add(a netip.Addr) error {
	switch {
	case a.IsUnspecified():
		return fmt.Errorf("%v is no address to connect from", a)
	case a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return fmt.Errorf("%v is a multicast or broadcast address", a)
	case s.known[a]:
		return fmt.Errorf("%v is named twice", a)
	case len(s.all) > 0 && !sameFamily(a, s.all[0]):
		return fmt.Errorf("%v and %v are not of one family", s.all[0], a)
	case len(s.all) == stats.MaxSources:
		return fmt.Errorf("more than %d addresses", stats.MaxSources)
	}
	s.known[a] = true
	s.all = append(s.all, a)
	return nil
}

// parseAddresses reads an address or a range. A zone takes all text after its %
// (RFC 4007 section 11), so an address with a zone cannot begin a range.
func parseAddresses(part string) (first, last netip.Addr, err error) {
	from, to, isRange := strings.Cut(part, "-")
	if strings.Contains(part, "%") {
		from, isRange = part, false
	}
	if first, err = parseSource(from); err != nil || !isRange {
		return first, first, err
	}
	if last, err = parseSource(to); err != nil {
		return first, last, err
	}
	return first, last, checkOrder(part, first, last)
}

func checkOrder(part string, first, last netip.Addr) error {
	switch {
	case !sameFamily(first, last):
		return fmt.Errorf("the ends of the range %s are not of one family", part)
	case last.Less(first):
		return fmt.Errorf("the range %s runs backwards", part)
	}
	return nil
}

func parseSource(text string) (netip.Addr, error) {
	if text == "" {
		return netip.Addr{}, errors.New("an address is missing")
	}
	a, err := netip.ParseAddr(text)
	a = a.Unmap()
	switch {
	case err != nil:
		return a, fmt.Errorf("%q is not an IP address", Shortened(text))
	// An interface name has no colon (dev_valid_name in net/core/dev.c). One in a zone
	// comes from the second address of a range.
	case strings.Contains(a.Zone(), ":"):
		return a, fmt.Errorf("%q: a range cannot have a zone", Shortened(text))
	case lacksZone(a):
		return a, fmt.Errorf("%q: %w, as in fe80::1%%eth0", Shortened(text), errNoZone)
	}
	if err := checkZone(a); err != nil {
		return a, fmt.Errorf("%q: %w", Shortened(text), err)
	}
	return a, nil
}

func sameFamily(a, b netip.Addr) bool { return a.Unmap().Is4() == b.Unmap().Is4() }

// family names the family of an address.
func family(a netip.Addr) string {
	if a.Unmap().Is4() {
		return "IPv4"
	}
	return "IPv6"
}

// Shortened cuts text from the user to a length that suits an error message.
func Shortened(text string) string {
	const most = 80
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}
