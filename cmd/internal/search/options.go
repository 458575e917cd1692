// Package search finds the highest rate of an open loop at which a testee meets requirements.
// It makes runs of this process, one after the other: Options -> New -> Search.Do. plan.go
// decides on their rates.
package search

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"wsperf/cmd/internal/job"
	"wsperf/stats"
)

// Bounds of the options. In a step of less than a second, a testee that cannot keep up answers
// most of what comes from its queues.
const (
	leastStep = time.Second
	mostStep  = time.Hour

	leastPercent = 1
	mostPercent  = 50
)

// Options is what to search for. Of the embedded options, Rate is where the search begins, Out
// the file of the search's document, and those of a load are not used.
type Options struct {
	job.Options
	StepUs  int64   // length of a step in microseconds
	To      float64 // highest rate to try, in starts per second; 0: stats.MaxRate
	Percent float64 // precision of the answer in percent
}

// Default returns the options of a search that is given none.
func Default() Options {
	o := Options{Options: job.Default(), StepUs: (5 * time.Second).Microseconds(), Percent: 5}
	o.Rate = 100
	return o
}

// Bind makes flags of the options. The defaults are what o holds.
func (o *Options) Bind(f *pflag.FlagSet) *job.CommandLine {
	f.SortFlags = false
	f.Var(job.Time{ToUs: &o.StepUs, Least: leastStep, Most: mostStep}, "step", "start connections for this `TIME` at each rate")
	f.Var(job.Rate{To: &o.Rate, Least: Lowest}, "from", "begin with this `RATE` a second, such as 5000, 12k or 300/m")
	f.Var(job.Rate{To: &o.To, Least: Lowest}, "to", "try no higher `RATE` (default none, the client's own limit ends the search)")
	f.Var(job.Percent{To: &o.Percent, Least: leastPercent, Most: mostPercent}, "precision", fmt.Sprintf("end when the rate that is too much is `PERCENT` above the answer or less, %d%% to %d%%", leastPercent, mostPercent))
	return job.BindSearch(f, &o.Options)
}

// Search is options that were checked.
type Search struct {
	options Options
	plan    Plan
	job     *job.Job // of the first step
}

// New checks everything that can be checked without touching the network or the disk.
func New(o Options) (*Search, error) {
	s := &Search{plan: Plan{From: o.Rate, To: o.To, Precision: o.Percent / 100}}
	if s.plan.To == 0 {
		s.plan.To = stats.MaxRate
	}
	switch {
	case len(o.Requirements) == 0:
		return nil, errors.New("--require is missing: must be what the rate has to meet, such as --require 'ready.q99 < 10ms' --require 'fail% == 0'")
	case s.plan.To < s.plan.From:
		return nil, fmt.Errorf("--to %s is below --from %s: must be at least that", rateText(s.plan.To), rateText(s.plan.From))
	}
	o.Connections, o.DurationUs, o.Low, o.High = 0, o.StepUs, 0, 0
	o.Arrivals = cmp.Or(o.Arrivals, stats.ArrivalsEven)
	s.options = o
	var err error
	s.job, err = job.New(o.Options)
	return s, err
}

// stepOptions returns what to run at a rate, against the testee at that address.
func (s *Search) stepOptions(rate float64, address string) job.Options {
	o := s.options.Options
	o.Rate, o.Address, o.Out = rate, address, ""
	return o
}
