package report

import (
	"fmt"

	"wsperf/stats"
)

// kernel shows what the kernel counted that has to do with the result. It says nothing if
// only the usual happened.
func kernel(r *stats.Result) (s Section) {
	if t := kernelCounts(r); len(t.Rows) > 0 {
		s.Parts = append(s.Parts, t)
	}
	if d := kernelDetails(r); len(d) > 0 {
		s.Parts = append(s.Parts, d)
	}
	if len(s.Parts) > 0 {
		s.Title = "Kernel (of all programs in the client's network namespace)"
	}
	return s
}

// kernelCounts lists the counters that are not zero. The usual ones are there to be compared
// with the others.
func kernelCounts(r *stats.Result) Table {
	t := Table{Columns: []Column{{"count", 10}, {"counter", -20}, {"meaning", -1}}}
	notable := false
	for c := range stats.KernelCounter(stats.NumKernelCounters) {
		if n, _ := r.KernelCount(c); n != 0 {
			t.Rows = append(t.Rows, []string{fmt.Sprint(n), c.Name(), c.Meaning()})
			notable = notable || !c.Usual()
		}
	}
	if !notable {
		t.Rows = nil
	}
	return t
}

// maxKernelDetails bounds the lines about the network namespaces of many machines.
const maxKernelDetails = 16

func kernelDetails(r *stats.Result) (d Details) {
	for _, lost := range r.LostSYNs() {
		d = append(d, Detail{"Lost SYN", lostSYN(lost)})
	}
	for _, k := range r.Kernel {
		if len(d) >= maxKernelDetails {
			break
		}
		if q := k.AcceptQueue; q.Full() {
			d = append(d, Detail{"Queue", fmt.Sprintf("%d connections waited for accept(2), with a listen backlog of %d: the queue was full", q.Longest, q.Backlog)})
		}
		if c := k.Conntrack; c.NearlyFull() {
			d = append(d, Detail{"Conntrack", fmt.Sprintf("%d of %d connections were tracked: raise net.netfilter.nf_conntrack_max", c.Most, c.Max)})
		}
	}
	return d
}

// lostSYN says what connections with the same number of lost SYNs have waited for.
func lostSYN(l stats.LostSYN) string {
	connections, syns := "connections", "a SYN"
	if l.Connections == 1 {
		connections = "connection"
	}
	if l.Lost > 1 {
		syns = fmt.Sprintf("%d SYNs", l.Lost)
	}
	return fmt.Sprintf("%d %s lost %s: connect took %.0f s", l.Connections, connections, syns, l.After.Seconds())
}
