package engine

import (
	"math"
	"math/rand/v2"
	"slices"
)

// crowdPart: once its connections use 1/crowdPart of its ports, a loop chooses ports
// itself. Connect(2) searches linearly for a free port, those of one parity first
// (__inet_hash_connect in net/ipv4/inet_hashtables.c, Linux 6.18): with 18000 of
// 28232 in use, it takes 200 microseconds. A chosen port costs one setsockopt(2).
const crowdPart = 4

// maxPortTries is how many chosen ports are tried for one connection. They may be in
// use by other processes, or by connections whose port the kernel chose.
const maxPortTries = 32

// ports is a loop's share of the local ports, without those that the loop has taken.
// It is a queue: each port stays unused as long as possible.
type ports struct {
	ring  []uint16
	first int
	count int
	crowd int // the loop chooses ports from this many connections on
}

// newPorts returns every n-th of the ports from the i-th on, so that the shares of n loops
// are disjoint.
func newPorts(all []uint16, n, i int) ports {
	var p ports
	for ; i < len(all); i += n {
		p.ring = append(p.ring, all[i])
	}
	p.count = len(p.ring)
	p.crowd = p.count / crowdPart
	return p
}

// startAnywhere returns the ports with a random one first. Processes that share the load
// would otherwise try the same ports in the same order.
func (p ports) startAnywhere() ports {
	if p.count > 0 {
		p.first = rand.IntN(p.count)
	}
	return p
}

// clone returns a share of the same ports for another source address.
func (p ports) clone() ports {
	p.ring = slices.Clone(p.ring)
	return p
}

// take returns a port, or 0 if there is none.
func (p *ports) take() uint16 {
	if p.count == 0 {
		return 0
	}
	port := p.ring[p.first]
	p.first = (p.first + 1) % len(p.ring)
	p.count--
	return port
}

// give takes a port back.
func (p *ports) give(port uint16) {
	p.ring[(p.first+p.count)%len(p.ring)] = port
	p.count++
}

// forgo leaves all ports to the kernel, which lacks the option before Linux 6.3.
func (p *ports) forgo() { p.crowd = math.MaxInt }
