package engine

import (
	"math"
	"slices"
)

// crowdPart: a loop chooses ports by itself once its connections use more than
// this part of its ports, 1/crowdPart. Connect(2) goes through the ports one by
// one until it finds a free one, those of one parity first
// (__inet_hash_connect in net/ipv4/inet_hashtables.c, Linux 6.18): with 18000 of
// 28232 in use it takes 200 microseconds. A chosen port costs one setsockopt(2).
const crowdPart = 4

// maxPortTries bounds how many chosen ports are tried for one connection. They
// can be in use by others, or by connections that were made before the crowd.
const maxPortTries = 32

// ports is a loop's share of the local ports, those not in use by it. The one
// given back first is taken first: so each rests as long as possible.
type ports struct {
	ring  []uint16
	first int
	count int
	crowd int // more connections than these make a crowd
}

// newPorts takes every n-th port from the i-th on, so that the shares of n loops
// are apart.
func newPorts(low, high uint16, n, i int) ports {
	var p ports
	for port := int(low) + i; port <= int(high); port += n {
		p.ring = append(p.ring, uint16(port))
	}
	p.count = len(p.ring)
	p.crowd = p.count / crowdPart
	return p
}

// clone returns a share of the same ports for another source address.
func (p ports) clone() ports {
	p.ring = slices.Clone(p.ring)
	return p
}

// take returns a port, 0 when there is none.
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

// forgo ends choosing ports: the kernel does not know how (before Linux 6.3).
func (p *ports) forgo() { p.crowd = math.MaxInt }
