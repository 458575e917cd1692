package stats

import (
	"fmt"
	"strings"
	"time"
)

// Spread is what is known of the parts of one run together.
type Spread struct {
	RunID   string
	Of      int
	Missing []int // parts that are not in the result, ascending
	TooLate []int // parts that did not begin, ascending

	// Parts that began, by their clocks.
	Earliest, Latest int           // indices of Result.Parts; -1: none has begun
	Starts           time.Duration // how far apart they began
	ClockError       time.Duration // by which Starts may be wrong: one clock may be early and another one late
	Unsynchronized   int           // parts whose clock is not synchronized, and whose error is not known
	OneClock         bool          // all parts were on one machine, so the error of its clock does not matter
}

// Spread returns what is known of the parts together. ok is false if the result has no parts, or
// parts of several runs.
func (r *Result) Spread() (s Spread, ok bool) {
	if len(r.Parts) == 0 {
		return s, false
	}
	s = Spread{RunID: r.Parts[0].RunID, Of: r.Parts[0].Of, Earliest: -1, Latest: -1}
	next := 0
	for i := range r.Parts {
		p := &r.Parts[i]
		if p.RunID != s.RunID || p.Of != s.Of || p.Number < next {
			return Spread{}, false
		}
		s.Missing = appendRange(s.Missing, next, p.Number)
		next = p.Number + 1
		if p.Begun {
			s.addBegun(r, i)
		} else {
			s.TooLate = append(s.TooLate, p.Number)
		}
	}
	s.Missing = appendRange(s.Missing, next, s.Of)
	if len(r.Machines) == 1 && r.Machines[0].ID != "" {
		s.OneClock, s.ClockError, s.Unsynchronized = true, 0, 0
	}
	if s.Earliest >= 0 {
		s.Starts = r.Parts[s.Latest].Began(r).Sub(r.Parts[s.Earliest].Began(r))
	}
	return s, true
}

func appendRange(to []int, from, end int) []int {
	for ; from < end; from++ {
		to = append(to, from)
	}
	return to
}

func (s *Spread) addBegun(r *Result, i int) {
	p := &r.Parts[i]
	if s.Earliest < 0 || p.Began(r).Before(r.Parts[s.Earliest].Began(r)) {
		s.Earliest = i
	}
	if s.Latest < 0 || p.Began(r).After(r.Parts[s.Latest].Began(r)) {
		s.Latest = i
	}
	if !p.Clock.Synchronized {
		s.Unsynchronized++
		return
	}
	s.ClockError = max(s.ClockError, 2*time.Duration(p.Clock.MaxErrorUs)*time.Microsecond)
}

// Incomplete says which parts the load lacks, in a clause without its full stop. It is empty if all
// have begun.
func (s *Spread) Incomplete() string {
	var all []string
	if len(s.Missing) > 0 {
		all = append(all, fmt.Sprintf("%s of %d %s missing", partNames(s.Missing), s.Of, areOrIs(s.Missing)))
	}
	if len(s.TooLate) > 0 {
		all = append(all, fmt.Sprintf("%s of %d %s too late and did not begin", partNames(s.TooLate), s.Of, wereOrWas(s.TooLate)))
	}
	return strings.Join(all, ", and ")
}

func areOrIs(parts []int) string {
	if len(parts) == 1 {
		return "is"
	}
	return "are"
}

func wereOrWas(parts []int) string {
	if len(parts) == 1 {
		return "was"
	}
	return "were"
}

// maxRanges bounds the ranges of partNames.
const maxRanges = 20

// partNames names parts by ranges, such as "parts 3, 7-9".
func partNames(parts []int) string {
	var ranges []string
	i := 0
	for i < len(parts) && len(ranges) < maxRanges {
		last := i
		for last+1 < len(parts) && parts[last+1] == parts[last]+1 {
			last++
		}
		text := fmt.Sprint(parts[i])
		if last > i {
			text = fmt.Sprintf("%d-%d", parts[i], parts[last])
		}
		ranges = append(ranges, text)
		i = last + 1
	}
	text := strings.Join(ranges, ", ")
	if rest := len(parts) - i; rest > 0 {
		text += fmt.Sprintf(" and %d more", rest)
	}
	if len(parts) == 1 {
		return "part " + text
	}
	return "parts " + text
}
