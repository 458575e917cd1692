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

// phase returns the distribution of a phase. It returns nil if two of its steps have delays
// that vary: each step numbers the connections for itself, so their sums are not known.
func (m nominal) phase(p stats.Phase) *hdrhistogram.Histogram {
	sums, varied := make([]time.Duration, m.n), 0
	for _, s := range stepsIn[p] {
		for i, d := range m.waits(s) {
			sums[i] += d
		}
		if m.delays[s].varies() {
			varied++
		}
	}
	if varied > 1 {
		return nil
	}
	h := stats.NewHistogram()
	for _, d := range sums {
		recordNs(h, int64(d))
	}
	return h
}

func (d delay) varies() bool { return d.every > 1 || d.least < d.most }

// waits returns how long each connection waits for a step. Accepts happen in the order of
// arrival, so in an open loop one that is late makes later ones late: the same as with a
// server that was stopped. In a closed loop all accepts must have the same delay, or one
// connection must be in flight: then none waits for another's.
func (m nominal) waits(s step) []time.Duration {
	all := make([]time.Duration, m.n)
	var last time.Duration // when the accept before is done
	for i := range all {
		all[i] = m.delays[s].at(i)
		if s == stepAccept && m.apart > 0 {
			arrived := time.Duration(i) * m.apart
			last = max(last, arrived+all[i])
			all[i] = last - arrived
		}
	}
	return all
}

// A quantile may differ by this time or this part of it, whichever is more.
const (
	mostOff     = 100 * time.Microsecond
	mostOffPart = 0.02
)

// mostOff is how much the client's quantiles of a phase may differ. Ready and total contain
// other phases, each with something of its own.
func (m nominal) mostOff(p stats.Phase) tolerance {
	most := tolerance{time: mostOff, part: mostOffPart}
	switch {
	case p == stats.PhaseReady:
		most = m.mostOff(stats.PhaseOpen)
		most.more = 2 * mostOff // late, connect
	case p == stats.PhaseTotal:
		most = m.mostOff(stats.PhaseReady)
		most.more += m.mostOff(stats.PhaseClose).time + m.mostOff(stats.PhaseFin).time
	case m.phase(p).Max() > 0:
	case m.comesInBursts():
		most.time = 3 * time.Millisecond
	default:
		most.time = 500 * time.Microsecond
	}
	return most
}

// comesInBursts reports whether many connections are at the same step at the same time, so
// that they wait for each other in the client. Phases without a delay then have a bound of
// their own. It is a small part of each delay that could have leaked into such a phase.
func (m nominal) comesInBursts() bool { return m.apart == 0 || m.delays[stepAccept].every > 1 }
