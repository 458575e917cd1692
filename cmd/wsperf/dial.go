package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"wsperf/engine"
)

// window is the number of readings that the rate is taken over: two seconds.
const window = int(2 * time.Second / refreshEvery)

// dial turns readings of a run into the words beside the bar. It knows neither
// terminal nor clock.
type dial struct {
	goal  goal
	begun time.Time

	mu       sync.Mutex
	readings []reading // the newest last, window+1 at most
}

type reading struct {
	elapsed  time.Duration
	progress engine.Progress
}

func (r reading) ended() uint64 { return r.progress.Success + r.progress.Fail }

func (d *dial) set(elapsed time.Duration, p engine.Progress) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.readings) > window {
		d.readings = append(d.readings[:0], d.readings[1:]...)
	}
	d.readings = append(d.readings, reading{elapsed, p})
}

// now returns the newest reading and the handshakes per second over the window.
func (d *dial) now() (reading, float64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.readings) == 0 {
		return reading{}, 0
	}
	first, last := d.readings[0], d.readings[len(d.readings)-1]
	if len(d.readings) == 1 {
		first = reading{}
	}
	seconds := (last.elapsed - first.elapsed).Seconds()
	if seconds <= 0 || last.ended() < first.ended() {
		return last, 0
	}
	return last, float64(last.ended()-first.ended()) / seconds
}

// left is what stands before the bar.
func (d *dial) left(width int) string {
	last, _ := d.now()
	share := 100 * float64(d.goal.done(last.elapsed, last.progress)) / float64(d.goal.total())
	return fitting(width, []string{fmt.Sprintf("%3.0f%%", min(share, 100))})
}

// right is what stands behind the bar, as much of it as there is room for
// beside a bar of minBar columns: the time left is worth the most, the count the least.
func (d *dial) right(width int) string {
	last, rate := d.now()
	words := []string{
		d.timeLeft(last, rate),
		fmt.Sprintf("%.0f/s", rate),
		fmt.Sprintf("fail %d", last.progress.Fail),
		fmt.Sprintf("in flight %d", last.progress.InFlight),
		d.count(last),
	}
	return fitting(width-minBar, words)
}

// minBar is the narrowest bar that shows anything, with a space at either side.
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

func (d *dial) count(r reading) string {
	if d.goal.conns > 0 {
		return fmt.Sprintf("%d/%d", r.ended(), d.goal.conns)
	}
	return fmt.Sprintf("%d done", r.ended())
}

// timeLeft is an estimate for a number of connections, and exact for a duration.
func (d *dial) timeLeft(r reading, rate float64) string {
	if d.goal.conns == 0 {
		return fmt.Sprintf("%s/%s", formatTime(min(r.elapsed, d.goal.duration)), formatTime(d.goal.duration))
	}
	open := d.goal.conns - int64(r.ended())
	seconds := float64(open) / rate
	if open < 0 || rate == 0 || seconds > (1000*time.Hour).Seconds() {
		return "- left"
	}
	return formatTime(time.Duration(seconds*float64(time.Second))) + " left"
}
