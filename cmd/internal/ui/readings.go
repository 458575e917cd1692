package ui

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"wsperf/engine"
)

// rateReadings is how many readings the rate is taken over: two seconds.
const rateReadings = int(2 * time.Second / RefreshEvery)

// readings turns the newest readings of a run's counters into the text beside
// the bar. It knows neither terminal nor clock.
type readings struct {
	goal Goal

	mu  sync.Mutex
	all []reading // the newest last, rateReadings+1 at most
}

type reading struct {
	elapsed  time.Duration
	progress engine.Progress
}

func (r reading) ended() uint64 { return r.progress.Success + r.progress.Fail }

func (r *readings) add(elapsed time.Duration, p engine.Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.all) > rateReadings {
		r.all = append(r.all[:0], r.all[1:]...)
	}
	r.all = append(r.all, reading{elapsed, p})
}

// latest returns the newest reading and the handshakes per second over the last
// two seconds.
func (r *readings) latest() (reading, float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
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

// left is the text before the bar.
func (r *readings) left(width int) string {
	last, _ := r.latest()
	share := 100 * float64(r.goal.done(last.elapsed, last.progress)) / float64(r.goal.total())
	return fitting(width, []string{fmt.Sprintf("%3.0f%%", min(share, 100))})
}

// right is the text behind the bar, as much of it as fits beside a bar of
// minBar columns. The time left is worth the most, the count the least.
func (r *readings) right(width int) string {
	last, rate := r.latest()
	words := []string{
		r.timeLeft(last, rate),
		fmt.Sprintf("%.0f/s", rate),
		fmt.Sprintf("fail %d", last.progress.Fail),
		fmt.Sprintf("in flight %d", last.progress.InFlight),
		r.count(last),
	}
	return fitting(width-minBar, words)
}

// minBar is the narrowest bar that shows anything, with a space on either side.
const minBar = 10

// fitting joins as many of the words as fit, the first ones first.
func fitting(width int, words []string) string {
	n, used := 0, 0
	for n < len(words) && used+len(words[n]) <= width {
		used += len(words[n]) + 2
		n++
	}
	return strings.Join(words[:n], "  ")
}

func (r *readings) count(last reading) string {
	if r.goal.Connections > 0 {
		return fmt.Sprintf("%d/%d", last.ended(), r.goal.Connections)
	}
	return fmt.Sprintf("%d done", last.ended())
}

// timeLeft is an estimate for a number of connections, and exact for a duration.
func (r *readings) timeLeft(last reading, rate float64) string {
	if r.goal.Connections == 0 {
		return fmt.Sprintf("%s/%s", formatTime(min(last.elapsed, r.goal.Duration)), formatTime(r.goal.Duration))
	}
	open := r.goal.Connections - int64(last.ended())
	seconds := float64(open) / rate
	if open < 0 || rate == 0 || seconds > (1000*time.Hour).Seconds() {
		return "- left"
	}
	return formatTime(time.Duration(seconds*float64(time.Second))) + " left"
}

// formatTime writes the whole seconds of a time for a line that is redrawn: "7s", "2m05s", "1h02m".
func formatTime(d time.Duration) string {
	switch s := int64(d / time.Second); {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	default:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	}
}
