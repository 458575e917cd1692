package ui

import (
	"time"

	"wsperf/engine"
)

// RefreshEvery is the time between two readings of the progress: four a second
// are as many as an eye can follow, and cost the loops nothing measurable.
const RefreshEvery = 250 * time.Millisecond

// Goal is what ends a run: a number of connections, or if that is 0 a duration.
type Goal struct {
	Connections int64         // without those of the warm-up
	Duration    time.Duration // with the warm-up, as far as its length is known
}

// share is the part of the goal that is done, 0 to 1.
func (g Goal) share(r reading) float64 {
	if g.Connections > 0 {
		return min(float64(r.measured())/float64(g.Connections), 1)
	}
	return min(float64(r.elapsed)/float64(g.Duration), 1)
}

// ShowProgress draws a line on the terminal, from what read returns, until stop
// is called. stop removes the line and gives standard error back.
//
// Garbage is not collected while a run is measured, so drawing makes none: a run of
// days would grow by it.
func (u *UI) ShowProgress(read func() engine.Progress, g Goal) (stop func()) {
	line := &statusLine{to: u.stderr}
	u.divert(line)
	quit, drawn := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(drawn)
		draw(line, &readings{goal: g}, quit, read)
	}()
	return func() {
		close(quit)
		<-drawn
		u.divert(nil)
		line.remove()
	}
}

func draw(line *statusLine, r *readings, quit <-chan struct{}, read func() engine.Progress) {
	begun := time.Now()
	ticker := time.NewTicker(RefreshEvery)
	defer ticker.Stop()
	for {
		select {
		case <-quit:
			return
		case now := <-ticker.C:
			r.add(now.Sub(begun), read())
			line.show(r)
		}
	}
}
