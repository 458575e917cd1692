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
func (u *UI) ShowProgress(read func() engine.Progress, g Goal) (stop func()) {
	begun, r := time.Now(), &readings{goal: g}
	return u.ShowBoard(func(to []byte, columns int) []byte {
		r.add(time.Since(begun), read())
		return r.appendLine(to, columns)
	}).Stop
}
