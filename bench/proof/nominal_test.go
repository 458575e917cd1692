package main

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
)

// nominal computes what n connections wait for if testee, client and machine take no time
// at all.
type nominal struct {
	delays [numSteps]delay
	n      int
	apart  time.Duration // between starts of an open loop; 0: a closed loop
}

// waits returns how long each connection waits for a step. Accepts happen in the order of
// arrival, so in an open loop one that is late makes later ones late: the same as with a
// server that was stopped. In a closed loop all accepts must have the same delay, or one
// connection must be in flight: then none waits for another's.
func (m nominal) waits(which step) []time.Duration {
	all := make([]time.Duration, m.n)
	var queue time.Duration // when the accept before is done
	for i := range all {
		all[i] = m.delays[which].at(i)
		if which == stepAccept && m.apart > 0 {
			arrived := time.Duration(i) * m.apart
			queue = max(queue, arrived+all[i])
			all[i] = queue - arrived
		}
	}
	return all
}

// step returns the distribution of the waits for a step.
func (m nominal) step(which step) *hdrhistogram.Histogram { return m.sum(which) }

// stepsIn are the steps whose waits a phase contains.
var stepsIn = [stats.NumPhases][]step{
	stats.PhaseConnect: {},
	stats.PhaseOpen:    {stepAccept, stepAnswer},
	stats.PhaseClose:   {stepClose},
	stats.PhaseFin:     {stepFin},
	stats.PhaseTotal:   {stepAccept, stepAnswer, stepClose, stepFin},
	stats.PhaseReady:   {stepAccept, stepAnswer},
	stats.PhaseLate:    {},
}

// phase returns the distribution of a phase.
func (m nominal) phase(p stats.Phase) *hdrhistogram.Histogram { return m.sum(stepsIn[p]...) }

// sum returns the distribution of the sum of some steps. All but one must have the same
// delay for every connection, because each step numbers the connections for itself.
func (m nominal) sum(steps ...step) *hdrhistogram.Histogram {
	sums := make([]time.Duration, m.n)
	for _, which := range steps {
		for i, d := range m.waits(which) {
			sums[i] += d
		}
	}
	h := stats.NewHistogram()
	for _, d := range sums {
		recordNs(h, int64(d))
	}
	return h
}

// isDelayed reports whether the testee delays a phase.
func (m nominal) isDelayed(p stats.Phase) bool { return m.phase(p).Max() > 0 }
