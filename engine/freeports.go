package engine

import (
	"math/rand/v2"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Ports that other sockets are bound to are not free for connect(2) (__inet_hash_connect in
// net/ipv4/inet_hashtables.c, Linux 6.18), and no list under /proc has those that are bound
// and nothing else. So a sample of the ports is bound for a moment, before the run. A port
// of another client's connection counts as taken as well, although it may be free for
// connections to our testee: the estimate is rather too low.

// portSamples is how many ports are tried, at 4 microseconds each. The estimate is then
// within 6 % of the ports, two standard deviations, if half of them are free, and closer
// otherwise.
const portSamples = 256

// freePorts estimates how many of the ports no other socket is bound to. A socket of either
// family takes its port from both: the family is that of the testee.
func freePorts(all []uint16, testee netip.Addr) int {
	address := netip.IPv4Unspecified()
	if !testee.Unmap().Is4() {
		address = netip.IPv6Unspecified()
	}
	return estimateFree(all, func(port uint16) bool {
		e, err := newEndpoint(netip.AddrPortFrom(address, port))
		return err == nil && tryBind(e) == unix.EADDRINUSE
	})
}

// estimateFree asks of a sample of ports whether they are taken.
func estimateFree(all []uint16, taken func(uint16) bool) int {
	if len(all) == 0 {
		return 0
	}
	free := 0
	for range portSamples {
		if !taken(all[rand.IntN(len(all))]) {
			free++
		}
	}
	return len(all) * free / portSamples
}
