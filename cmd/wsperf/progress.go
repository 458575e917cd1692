package main

import (
	"fmt"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"wsperf/engine"
)

// refreshEvery is the pace of the display: four times a second is as much as
// an eye can follow, and costs the loops nothing that could be measured.
const refreshEvery = 250 * time.Millisecond

// goal is what a run ends by: a number of connections, or a duration.
type goal struct {
	conns    int64
	duration time.Duration
}

// total is the length of the bar: connections, or microseconds.
func (g goal) total() int64 {
	if g.conns > 0 {
		return g.conns
	}
	return g.duration.Microseconds()
}

// done is how much of the bar is filled.
func (g goal) done(elapsed time.Duration, p engine.Progress) int64 {
	if g.conns > 0 {
		return int64(p.Success + p.Fail)
	}
	return min(elapsed, g.duration).Microseconds()
}

// showProgress draws a line on the terminal until the returned function is
// called. That one removes the line and gives standard error back.
func showProgress(u *ui, glance func() engine.Progress, g goal) (stop func()) {
	refresh := make(chan any)
	display := mpb.New(mpb.WithOutput(u.stderr), mpb.WithManualRefresh(refresh))
	d := &dial{goal: g, begun: time.Now()}
	bar := display.New(g.total(), mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]"),
		mpb.PrependDecorators(decor.Any(func(s decor.Statistics) string { return d.left(s.AvailableWidth) })),
		mpb.AppendDecorators(decor.Any(func(s decor.Statistics) string { return d.right(s.AvailableWidth) })))
	u.divert(display)
	quit, drawn := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(drawn)
		d.draw(bar, refresh, quit, glance)
	}()
	return func() {
		close(quit)
		<-drawn
		bar.Abort(true)
		display.Wait()
		u.divert(nil)
	}
}

// draw redraws the bar until quit. The display reads the dial while a refresh
// is under way, and is asked for one only after the dial was set.
func (d *dial) draw(bar *mpb.Bar, refresh chan<- any, quit <-chan struct{}, glance func() engine.Progress) {
	ticker := time.NewTicker(refreshEvery)
	defer ticker.Stop()
	for {
		select {
		case <-quit:
			return
		case now := <-ticker.C:
			elapsed := now.Sub(d.begun)
			p := glance()
			d.set(elapsed, p)
			// Never quite full: a full bar is taken for complete and is not drawn any more.
			bar.SetCurrent(min(d.goal.done(elapsed, p), d.goal.total()-1))
		}
		select {
		case <-quit:
			return
		case refresh <- time.Now():
		}
	}
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
