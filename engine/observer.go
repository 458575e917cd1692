package engine

import (
	"time"

	"wsperf/stats"
)

// observer looks at something else than connections in the measured window: what the process
// costs, what the machine does. It must find out what it cannot see when it is made, because
// none of its methods fails.
type observer interface {
	begin()               // right before the window
	sample()              // every sampleEvery within it
	end()                 // right after the last connection
	fill(r *stats.Result) // with what was seen
}

// sampleEvery is how often observers look in the window. A look may take 0.1 ms, so all of
// them cost less than a thousandth of a CPU.
const sampleEvery = 250 * time.Millisecond

// observers of a run begin in their order and end in the opposite one, so the last of them
// sees nothing of what the others cost.
type observers []observer

func (all observers) begin() {
	for _, o := range all {
		o.begin()
	}
}

// sampleUntil lets the observers look at each tick until the loops have ended, and then end.
// It returns when that was.
func (all observers) sampleUntil(ended <-chan struct{}, tick <-chan time.Time) time.Time {
	for {
		select {
		case <-ended:
			at := time.Now()
			for i := len(all) - 1; i >= 0; i-- {
				all[i].end()
			}
			return at
		case <-tick:
			for _, o := range all {
				o.sample()
			}
		}
	}
}

func (all observers) fill(r *stats.Result) {
	for _, o := range all {
		o.fill(r)
	}
}

// observers returns those of a run.
func (r *Run) observers() observers {
	return observers{
		r.machineEvidence(),
		r.kernelEvidence(),
		r.testee,
		newHardware(r.hardware, r.loops),
		new(processCost),
	}
}

// processCost is the observer of what the process costs.
type processCost struct {
	meter         meter
	before, after stats.ClientCost
}

func (p *processCost) begin()               { p.before = p.meter.read() }
func (p *processCost) sample()              {}
func (p *processCost) end()                 { p.after = p.meter.read() }
func (p *processCost) fill(r *stats.Result) { r.Client = costBetween(p.before, p.after) }
