package ui

import (
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"wsperf/engine"
)

// RefreshEvery is the time between two readings of the progress: four a second
// are as many as an eye can follow, and cost the loops nothing measurable.
const RefreshEvery = 250 * time.Millisecond

// Goal is what ends a run: a number of connections, or if that is 0 a duration.
type Goal struct {
	Connections int64
	Duration    time.Duration
}

// total is the length of the bar: connections, or microseconds.
func (g Goal) total() int64 {
	if g.Connections > 0 {
		return g.Connections
	}
	return g.Duration.Microseconds()
}

// done is the length of the filled part of the bar.
func (g Goal) done(elapsed time.Duration, p engine.Progress) int64 {
	if g.Connections > 0 {
		return int64(p.Success + p.Fail)
	}
	return min(elapsed, g.Duration).Microseconds()
}

// ShowProgress draws a line on the terminal, from what read returns, until stop
// is called. stop removes the line and gives standard error back.
func (u *UI) ShowProgress(read func() engine.Progress, g Goal) (stop func()) {
	refresh := make(chan any)
	display := mpb.New(mpb.WithOutput(u.stderr), mpb.WithManualRefresh(refresh))
	r := &readings{goal: g}
	bar := display.New(g.total(), mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]"),
		mpb.PrependDecorators(decor.Any(func(s decor.Statistics) string { return r.left(s.AvailableWidth) })),
		mpb.AppendDecorators(decor.Any(func(s decor.Statistics) string { return r.right(s.AvailableWidth) })))
	u.divert(display)
	quit, drawn := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(drawn)
		r.draw(bar, refresh, quit, read)
	}()
	return func() {
		close(quit)
		<-drawn
		bar.Abort(true)
		display.Wait()
		u.divert(nil)
	}
}

// draw redraws the bar until quit. The display reads the readings during a
// refresh, which is asked for only after a reading was added.
func (r *readings) draw(bar *mpb.Bar, refresh chan<- any, quit <-chan struct{}, read func() engine.Progress) {
	begun := time.Now()
	ticker := time.NewTicker(RefreshEvery)
	defer ticker.Stop()
	for {
		select {
		case <-quit:
			return
		case now := <-ticker.C:
			elapsed := now.Sub(begun)
			p := read()
			r.add(elapsed, p)
			// Never quite full: the display does not redraw a bar that is complete.
			bar.SetCurrent(min(r.goal.done(elapsed, p), r.goal.total()-1))
		}
		select {
		case <-quit:
			return
		case refresh <- time.Now():
		}
	}
}
