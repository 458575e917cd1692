package job

import (
	"errors"
	"net/netip"

	"wsperf/engine/host"
)

var (
	errOnlyLinkLocal = errors.New("only a link-local IPv6 address can have a zone")
	errNoZone        = errors.New("a link-local address needs a zone, the interface that leads to it")
)

// checkZone checks that an address has a zone if it is link-local, and only then. Every
// link has its own fe80::1 (RFC 4007 section 6), and connect(2) refuses it without a zone
// (ipv6(7), sin6_scope_id).
func checkZone(a netip.Addr) error {
	switch {
	case lacksZone(a):
		return errNoZone
	case a.Zone() != "" && !isLinkLocal(a):
		return errOnlyLinkLocal
	}
	return nil
}

func lacksZone(a netip.Addr) bool { return isLinkLocal(a) && a.Zone() == "" }

func isLinkLocal(a netip.Addr) bool { return a.Is6() && a.IsLinkLocalUnicast() }

// checkInterface checks that the zone of an address, if it has one, is an interface.
func checkInterface(a netip.Addr) error {
	if a.Zone() == "" {
		return nil
	}
	_, err := host.Interface(a.Zone())
	return err
}
