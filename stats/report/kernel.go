package report

import (
	"fmt"
	"strings"

	"wsperf/stats"
)

// kernel shows what the kernel counted that has to do with the result. It says nothing if
// only the usual happened.
func kernel(r *stats.Result) (s section) {
	if t := kernelCounts(r); len(t.rows) > 0 {
		s.parts = append(s.parts, t)
	}
	if d := kernelDetails(r); len(d) > 0 {
		s.parts = append(s.parts, d)
	}
	if len(s.parts) > 0 {
		s.title = "Kernel (of all programs in the client's network namespace)"
	}
	return s
}

// kernelCounts lists the counters that are not zero. The usual ones are there to be compared
// with the others.
func kernelCounts(r *stats.Result) table {
	t := table{columns: []column{{"count", 10}, {"counter", -20}, {"meaning", -1}}}
	notable := false
	for c := range stats.KernelCounter(stats.NumKernelCounters) {
		if n, _ := r.KernelCount(c); n != 0 {
			t.rows = append(t.rows, []string{fmt.Sprint(n), c.Name(), c.Meaning()})
			notable = notable || !c.Usual()
		}
	}
	if !notable {
		t.rows = nil
	}
	return t
}

func kernelDetails(r *stats.Result) (d details) {
	if lost := r.LostSYNs(); len(lost) > 0 {
		d = append(d, detail{"Lost SYNs", lostSYNs(lost)})
	}
	for _, k := range r.Kernel {
		if q := k.AcceptQueue; q.Full() {
			d = append(d, detail{"Queue", fmt.Sprintf("%d connections waited for accept(2), with a listen backlog of %d: the queue was full", q.Longest, q.Backlog)})
		}
		if c := k.Conntrack; c.NearlyFull() {
			d = append(d, detail{"Conntrack", fmt.Sprintf("%d of %d connections were tracked: raise net.netfilter.nf_conntrack_max", c.Most, c.Max)})
		}
	}
	return d
}

// maxModesShown bounds the line of lost SYNs.
const maxModesShown = 3

// lostSYNs puts the connections into one line: "37 connections lost a SYN (connect took 1 s),
// 4 2 SYNs (3 s)".
func lostSYNs(lost []stats.LostSYN) string {
	var parts []string
	var others uint64
	for i, l := range lost {
		took := fmt.Sprintf("%.0f s", l.After.Seconds())
		if i == 0 {
			took = "connect took " + took
		}
		if i >= maxModesShown {
			others += l.Connections
			continue
		}
		parts = append(parts, fmt.Sprintf("%s (%s)", lostBy(l, i), took))
	}
	if others > 0 {
		parts = append(parts, fmt.Sprintf("%d more", others))
	}
	return strings.Join(parts, ", ")
}

func lostBy(l stats.LostSYN, i int) string {
	who := fmt.Sprint(l.Connections)
	if i == 0 {
		who += " connections lost"
		if l.Connections == 1 {
			who = "1 connection lost"
		}
	}
	if l.Lost == 1 {
		return who + " a SYN"
	}
	return fmt.Sprintf("%s %d SYNs", who, l.Lost)
}
