package engine

import (
	"fmt"
	"math"
	"net/netip"

	"golang.org/x/sys/unix"

	"wsperf/stats"
)

// maxPortTables limits the memory of the sources' ports: 56 KB each with Linux's
// default range. With more sources than that, the kernel chooses the ports.
const maxPortTables = 256

// noSource: all sources are resting; in a slot: it has none.
const noSource int32 = -1

// source is an address that connections come from, with a loop's share of its
// ports. The addresses and ports of both ends together must be unique (RFC 9293
// section 3.1), so each source has the whole range of ports.
type source struct {
	address   *endpoint // nil: the kernel chooses one
	ports     ports
	open      int   // connections from here that have not ended
	restingNs int64 // when it may be used again: it had no free port, or was missing
}

// sources are taken round robin.
type sources struct {
	all    []source
	turn   int32
	lacked stats.Cause // why the last one came to rest
}

// newSources returns a loop's sources. The loop chooses ports only if it has slots for
// enough connections.
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

// next returns the index of the next source that is not resting, or noSource.
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

// rest keeps a source from being used until then.
func (t *sources) rest(i int32, untilNs int64, why stats.Cause) {
	t.all[i].restingNs = untilNs
	t.lacked = why
}

// leaveSource gives the connection's source and port back.
func (l *loop) leaveSource(s *slot) {
	if s.source == noSource {
		return
	}
	from := &l.to(s).sources.all[s.source]
	from.open--
	if s.port != 0 {
		from.ports.give(s.port)
		s.port = 0
	}
	s.source = noSource
}

// endpoints turns source addresses into the form that bind(2) takes. It binds a socket
// to each, so that an address that is not on this machine is an error before the run.
// Without addresses it returns nil as the only one: the kernel chooses.
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
