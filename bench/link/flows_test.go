package main

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"wsperf/bench/link/emulator"
)

// flow is what the link saw of a TCP connection: the truth beside the phases. Times are
// those at the near end: what comes from there is stamped when the link has read it, and
// what goes there when the link begins to deliver it. So a phase lasts at least as long.
type flow struct {
	first  uint32 // sequence number of the SYN
	began  time.Duration
	phases [3]time.Duration // connect, open, close; without the time in client and near kernel
	lost   int              // SYNs, and SYN-ACKs before the first that was delivered, that were not
	synAck bool
	near   []time.Duration // each segment of the client with payload
	far    []time.Duration // each segment of the testee with payload
}

// flows returns the connections in the order of their first SYN. The phases are right if
// request, response and close frames are a segment each and none was lost.
func flows(packets []emulator.Packet) []*flow {
	var all []*flow
	by := map[netip.AddrPort]*flow{}
	for i := range packets {
		p := &packets[i]
		client := netip.AddrPortFrom(p.Source, p.SourcePort)
		if p.FromFar {
			client = netip.AddrPortFrom(p.Destination, p.DestinationPort)
		}
		f := by[client]
		if p.Flags == emulator.SYN && (f == nil || f.first != p.Sequence) {
			f = &flow{first: p.Sequence, began: p.In}
			by[client], all = f, append(all, f)
		}
		if f != nil {
			f.add(p)
		}
	}
	slices.SortStableFunc(all, func(a, b *flow) int { return cmp.Compare(a.began, b.began) })
	for _, f := range all {
		f.measure()
	}
	return all
}

func (f *flow) add(p *emulator.Packet) {
	switch {
	case p.Has(emulator.SYN) && p.Fate != emulator.Delivered && !f.synAck:
		f.lost++
	case p.Has(emulator.SYN|emulator.ACK) && !f.synAck:
		f.phases[0], f.synAck = p.Out-f.began, true
	case p.Payload > 0 && p.FromFar:
		f.far = append(f.far, p.Out)
	case p.Payload > 0:
		f.near = append(f.near, p.In)
	}
}

func (f *flow) measure() {
	for i := range min(2, len(f.near), len(f.far)) {
		f.phases[1+i] = f.far[i] - f.near[i]
	}
}
