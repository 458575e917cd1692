package report

import (
	"fmt"
	"net/netip"
	"strings"

	"wsperf/stats"
)

// maxRangesShown bounds the list of source addresses in the report.
const maxRangesShown = 4

// sources says which source addresses were asked for. Without any, the kernel chose.
func sources(r *stats.Result) (s Section) {
	if n := len(r.Setup.Sources); n > 0 {
		addresses := "addresses"
		if n == 1 {
			addresses = "address"
		}
		s.Parts = append(s.Parts, Sentence(fmt.Sprintf("From %d source %s: %s", n, addresses, addressList(r.Setup.Sources))))
	}
	return s
}

// addressList joins adjacent addresses into ranges, and leaves out invalid ones.
func addressList(texts []string) string {
	ranges := addressRanges(texts)
	shown := ranges[:min(len(ranges), maxRangesShown)]
	var parts []string
	for _, r := range shown {
		parts = append(parts, r.String())
	}
	if len(shown) < len(ranges) {
		parts = append(parts, "...")
	}
	return strings.Join(parts, ", ")
}

// addressRange holds the addresses from first to last.
type addressRange struct{ first, last netip.Addr }

func addressRanges(texts []string) (all []addressRange) {
	for _, text := range texts {
		a, err := netip.ParseAddr(text)
		if err != nil {
			continue
		}
		if n := len(all); n > 0 && all[n-1].last.Next() == a {
			all[n-1].last = a
			continue
		}
		all = append(all, addressRange{a, a})
	}
	return all
}

func (r addressRange) String() string {
	if r.first == r.last {
		return printable(r.first)
	}
	return printable(r.first) + "-" + printable(r.last)
}

// printable escapes an address, because its zone can have any characters
// (netip.ParseAddr).
func printable(a fmt.Stringer) string { return Escaped(a.String()) }
