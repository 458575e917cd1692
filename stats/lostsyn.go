package stats

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// LostSYN is about connections that were established by a SYN that was sent again.
type LostSYN struct {
	Lost        int           // SYNs, or the answers to them, that each of these connections lost
	After       time.Duration // the time from the first SYN to the one that arrived
	Connections uint64
}

// Bounds of the time that connect(2) takes after a lost SYN. The timer expires at most a jiffy
// early, and up to 8 % late, because the timer wheel is coarser for longer times
// (kernel/time/timer.c, 100 to 1000 jiffies a second); the round trip comes after that.
const (
	synEarliest = 0.99
	synLatest   = 1.10
	initialRTO  = time.Second // RFC 6298 section 2.1
	lastSYN     = 2 * time.Minute
)

// LostSYNs recognises connections that lost a SYN by their phase connect: how many took as
// long as a SYN takes that is sent again. Successes and failures count. The list is ordered
// by Lost, and holds only what was found.
//
// A connection that was slow for another reason could take that long too. So as many are
// subtracted as took a little less, and not more SYNs are said to be lost than the kernel
// counts as sent again (TCPSynRetrans), if that is known.
func (r *Result) LostSYNs() []LostSYN {
	connect := NewHistogram()
	for _, h := range []*hdrhistogram.Histogram{r.Phases[PhaseConnect].Success, r.Phases[PhaseConnect].Failure} {
		if h != nil {
			connect.Merge(h) // of the same range: nothing is dropped
		}
	}
	sent, known := r.KernelCount(TCPSynRetrans)
	if !known {
		sent = connect.TotalCount() * int64(len(synModes(0)))
	}
	return lostSYNs(connect, synModes(r.synLinearTimeouts()), sent)
}

// synLinearTimeouts returns the setting that all kernels of the result have, otherwise 0,
// which older kernels do as well.
func (r *Result) synLinearTimeouts() int {
	for i := range r.Kernel {
		if r.Kernel[i].SYNLinearTimeouts != r.Kernel[0].SYNLinearTimeouts {
			return 0
		}
	}
	if len(r.Kernel) == 0 {
		return 0
	}
	return r.Kernel[0].SYNLinearTimeouts
}

// synModes returns after which time a SYN is sent for the second time, the third, and so on.
// The distance doubles each time (RFC 6298 section 5.5: 1 s, 3 s, 7 s), but not the first
// linear times (tcp_syn_linear_timeouts, Documentation/networking/ip-sysctl.rst; 4 since Linux
// 6.5: 1 s, 2 s, 3 s, 4 s, 5 s, 7 s).
func synModes(linear int) (modes []time.Duration) {
	after, distance := initialRTO, initialRTO
	for after <= lastSYN {
		modes = append(modes, after)
		if len(modes) > linear {
			distance *= 2
		}
		after += distance
	}
	return modes
}

// lostSYNs counts the connections of each mode. sent is how many SYNs were sent again.
func lostSYNs(connect *hdrhistogram.Histogram, modes []time.Duration, sent int64) (all []LostSYN) {
	bars := connect.Distribution()
	for i, after := range modes {
		earliest, latest := synEarliest*float64(after.Microseconds()), synLatest*float64(after.Microseconds())
		n := countBetween(bars, earliest, latest) - countBetween(bars, 2*earliest-latest, earliest)
		n = min(n, sent/int64(i+1))
		if n > 0 {
			all = append(all, LostSYN{i + 1, after, uint64(n)})
			sent -= n * int64(i+1)
		}
	}
	return all
}

// countBetween counts the values from one number to below another.
func countBetween(bars []hdrhistogram.Bar, from, to float64) (n int64) {
	for _, b := range bars {
		if middle := float64(b.From+b.To) / 2; middle >= from && middle < to {
			n += b.Count
		}
	}
	return n
}
