package host

import (
	"fmt"
	"iter"
	"os"
	"strconv"
	"strings"
)

// PortRange is the ports from Low to High, inclusive.
type PortRange struct{ Low, High uint16 }

// Count returns the number of ports in the range.
func (r PortRange) Count() int { return int(r.High) - int(r.Low) + 1 }

// Ports are the local ports that connect(2) chooses from: a range without the reserved
// ones (__inet_hash_connect in net/ipv4/inet_hashtables.c, Linux 6.18), over IPv4 and IPv6.
type Ports struct {
	PortRange
	Reserved []PortRange // ascending and disjoint, as the kernel lists them
}

// LocalPorts returns the ports of the process's network namespace (ip(7),
// ip_local_port_range and ip_local_reserved_ports). What cannot be read is Linux's
// default: 32768 to 60999, none reserved.
func LocalPorts() Ports {
	p := Ports{PortRange: PortRange{32768, 60999}}
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		var r PortRange
		if _, err := fmt.Sscan(string(text), &r.Low, &r.High); err == nil {
			p.PortRange = r
		}
	}
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_reserved_ports"); err == nil {
		p.Reserved = parseRanges(string(text))
	}
	return p
}

// parseRanges parses a list such as "8080,9148-9150"
// (Documentation/networking/ip-sysctl.rst). It skips what is not a port or a range.
func parseRanges(list string) (all []PortRange) {
	for _, text := range strings.Split(strings.TrimSpace(list), ",") {
		first, last, isRange := strings.Cut(text, "-")
		if !isRange {
			last = first
		}
		low, err := strconv.ParseUint(first, 10, 16)
		if err != nil {
			continue
		}
		if high, err := strconv.ParseUint(last, 10, 16); err == nil && low <= high {
			all = append(all, PortRange{uint16(low), uint16(high)})
		}
	}
	return all
}

// Count returns the number of ports.
func (p Ports) Count() int {
	n := p.PortRange.Count()
	for _, r := range p.Reserved {
		if low, high := max(r.Low, p.Low), min(r.High, p.High); low <= high {
			n -= PortRange{low, high}.Count()
		}
	}
	return n
}

// All yields the ports in ascending order.
func (p Ports) All() iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		reserved := p.Reserved
		for port := int(p.Low); port <= int(p.High); port++ {
			for len(reserved) > 0 && int(reserved[0].High) < port {
				reserved = reserved[1:]
			}
			if len(reserved) > 0 && int(reserved[0].Low) <= port {
				continue
			}
			if !yield(uint16(port)) {
				return
			}
		}
	}
}
