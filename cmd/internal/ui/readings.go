package ui

import (
	"slices"
	"strconv"
	"time"

	"wsperf/engine"
)

// rateReadings is how many readings the rate is taken over: two seconds.
const rateReadings = int(2 * time.Second / RefreshEvery)

// readings turns the newest readings of a run's counters into a line with a bar. It
// knows neither terminal nor clock, and allocates nothing once its slices have grown.
type readings struct {
	goal  Goal
	all   []reading // the newest last, rateReadings+1 at most
	words []byte    // beside the bar
}

type reading struct {
	elapsed  time.Duration
	progress engine.Progress
}

func (r reading) ended() uint64 { return r.progress.Success + r.progress.Fail }

// measured is the part of the ended connections that does not belong to the warm-up.
func (r reading) measured() uint64 { return r.ended() - min(r.ended(), r.progress.Warmup) }

func (r *readings) add(elapsed time.Duration, p engine.Progress) {
	if len(r.all) > rateReadings {
		r.all = slices.Delete(r.all, 0, 1)
	}
	r.all = append(r.all, reading{elapsed, p})
}

// latest returns the newest reading and the handshakes per second over the last
// two seconds.
func (r *readings) latest() (reading, float64) {
	if len(r.all) == 0 {
		return reading{}, 0
	}
	first, last := r.all[0], r.all[len(r.all)-1]
	if len(r.all) == 1 {
		first = reading{}
	}
	seconds := (last.elapsed - first.elapsed).Seconds()
	if seconds <= 0 || last.ended() < first.ended() {
		return last, 0
	}
	return last, float64(last.ended()-first.ended()) / seconds
}

// appendLine appends the line, as much of it as fits into the columns: the share that is
// done, a bar, and the words beside it. All of it is ASCII.
func (r *readings) appendLine(b []byte, columns int) []byte {
	last, rate := r.latest()
	share := r.goal.share(last)
	columns -= len("100%")
	if columns < 0 {
		return b
	}
	b = appendPadded(b, int64(100*share), 3, ' ')
	b = append(b, '%')
	r.words = r.appendWords(r.words[:0], columns-minBar, last, rate)
	b = appendBar(b, columns-len(r.words), share)
	return append(b, r.words...)
}

// minBar is the narrowest bar that shows anything, with a space on either side.
const minBar = 10

// appendBar draws " [===>   ] " in so many columns, and leaves out a bar for which they
// are too few.
func appendBar(b []byte, columns int, share float64) []byte {
	if columns < minBar {
		return b
	}
	inside := columns - len(" [] ")
	done := int(share * float64(inside))
	b = append(b, " ["...)
	for i := range inside {
		switch {
		case i < done:
			b = append(b, '=')
		case i == done:
			b = append(b, '>')
		default:
			b = append(b, ' ')
		}
	}
	return append(b, "] "...)
}

// words are what stands beside the bar. The time left is worth the most, the count the
// least.
var words = [...]func(b []byte, g Goal, last reading, rate float64) []byte{
	appendTimeLeft,
	func(b []byte, _ Goal, _ reading, rate float64) []byte {
		return append(strconv.AppendFloat(b, rate, 'f', 0, 64), "/s"...)
	},
	func(b []byte, _ Goal, last reading, _ float64) []byte {
		return strconv.AppendUint(append(b, "fail "...), last.progress.Fail, 10)
	},
	func(b []byte, _ Goal, last reading, _ float64) []byte {
		return strconv.AppendInt(append(b, "in flight "...), int64(last.progress.InFlight), 10)
	},
	appendCount,
}

// appendWords appends as many of the words as fit into the columns, the first ones first.
func (r *readings) appendWords(b []byte, columns int, last reading, rate float64) []byte {
	for i, word := range words {
		fits := b
		if i > 0 {
			b = append(b, "  "...)
		}
		b = word(b, r.goal, last, rate)
		if len(b) > columns {
			return fits
		}
	}
	return b
}

func appendCount(b []byte, g Goal, last reading, _ float64) []byte {
	b = strconv.AppendUint(b, last.measured(), 10)
	if g.Connections > 0 {
		return strconv.AppendInt(append(b, '/'), g.Connections, 10)
	}
	return append(b, " done"...)
}

// appendTimeLeft is an estimate for a number of connections, and exact for a duration.
func appendTimeLeft(b []byte, g Goal, last reading, rate float64) []byte {
	if g.Connections == 0 {
		b = AppendTime(b, min(last.elapsed, g.Duration))
		return AppendTime(append(b, '/'), g.Duration)
	}
	open := g.Connections - int64(last.measured())
	seconds := float64(open) / rate
	if open < 0 || rate == 0 || seconds > (1000*time.Hour).Seconds() {
		return append(b, "- left"...)
	}
	return append(AppendTime(b, time.Duration(seconds*float64(time.Second))), " left"...)
}

// AppendTime appends the whole seconds of a time: "7s", "2m05s", "1h02m".
func AppendTime(b []byte, d time.Duration) []byte {
	s := int64(d / time.Second)
	switch {
	case s < 60:
		b = strconv.AppendInt(b, s, 10)
		return append(b, 's')
	case s < 3600:
		b = append(strconv.AppendInt(b, s/60, 10), 'm')
		return append(appendPadded(b, s%60, 2, '0'), 's')
	default:
		b = append(strconv.AppendInt(b, s/3600, 10), 'h')
		return append(appendPadded(b, s/60%60, 2, '0'), 'm')
	}
}

// appendPadded appends a number that is not negative, in at least width characters.
func appendPadded(b []byte, n int64, width int, pad byte) []byte {
	for limit := int64(10); width > 1; width, limit = width-1, limit*10 {
		if n < limit {
			b = append(b, pad)
		}
	}
	return strconv.AppendInt(b, n, 10)
}
