package engine

import (
	"fmt"
	"math"
	"net/netip"

	"golang.org/x/sys/unix"

	"wsperf/stats"
)

// maxPortTables bounds the memory of the sources' ports: 56 KB each with Linux's
// default range. With more sources than these, ports are the kernel's choice.
const maxPortTables = 256

// noSource: each has been found without a free port just now.
const noSource int32 = -1

// source is an address that connections come from, with a loop's share of its
// ports. The address and ports of both ends together must be unique (RFC 9293
// section 3.1), so each source has the whole range of ports.
type source struct {
	address   *endpoint // nil: the kernel chooses one
	ports     ports
	open      int   // connections from here that have not ended
	restingNs int64 // stamp until when it is not used: no port was free
}

// sources are taken round robin.
type sources struct {
	all    []source
	turn   int32
	lacked stats.Cause // why the last one came to rest
}

// newSources makes a loop's sources. Ports are chosen by the loop only where
// slots are enough for a crowd.
func newSources(addresses []*endpoint, slots int, own ports) sources {
	t := sources{all: make([]source, len(addresses))}
	if slots <= own.crowd*len(addresses) || len(addresses) > maxPortTables {
		own = ports{crowd: math.MaxInt}
	}
	for i, a := range addresses {
		t.all[i] = source{address: a, ports: own.clone()}
	}
	return t
}

// next returns the number of the source whose turn it is, of those that do not
// rest, or noSource.
func (t *sources) next(nowNs int64) int32 {
	for range t.all {
		i := t.turn
		t.turn++
		if int(t.turn) == len(t.all) {
			t.turn = 0
		}
		if t.all[i].restingNs <= nowNs {
			return i
		}
	}
	return noSource
}

// rest has a source not be used for a while.
func (t *sources) rest(i int32, untilNs int64, why stats.Cause) {
	t.all[i].restingNs = untilNs
	t.lacked = why
}

// endpoints turns source addresses into the form that bind(2) takes, and tries
// each: one that is not on this machine is seen before the run begins. Without
// any there is one source, the kernel's choice.
func endpoints(addresses []netip.Addr) ([]*endpoint, error) {
	if len(addresses) == 0 {
		return []*endpoint{nil}, nil
	}
	var all []*endpoint
	for _, a := range addresses {
		e, err := newEndpoint(netip.AddrPortFrom(a, 0))
		if err != nil {
			return nil, fmt.Errorf("source address %v: %w", a, err)
		}
		if errno := tryBind(e); errno == unix.EADDRNOTAVAIL {
			return nil, fmt.Errorf("source address %v is not on this machine: must be one that `ip address` shows, or in a network of one", a)
		} else if errno != 0 {
			return nil, fmt.Errorf("source address %v: %w", a, errno)
		}
		all = append(all, e)
	}
	return all, nil
}

func tryBind(e *endpoint) unix.Errno {
	fd, errno := openSocket(e.family)
	if errno != 0 {
		return errno
	}
	defer closeSocket(fd)
	return bindSocket(fd, e)
}
