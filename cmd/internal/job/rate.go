package job

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"wsperf/stats"
)

// defaultOpenLength is how long an open loop lasts that is given a rate alone.
const defaultOpenLength = 10 * time.Second

// Rate is a pflag.Value: a number of starts per second above 0, such as 5000, 12k, 5000/s or
// 300/m, of Least to stats.MaxRate.
type Rate struct {
	To    *float64
	Least float64
}

// String returns an empty string for 0, which stands for no rate.
func (r Rate) String() string {
	if r.To == nil || *r.To == 0 {
		return ""
	}
	return strconv.FormatFloat(*r.To, 'f', -1, 64)
}

// Type returns a word for the type.
func (r Rate) Type() string { return "rate" }

// Set reads a rate.
func (r Rate) Set(text string) error {
	perSecond, err := parseRate(text)
	switch {
	case err != nil:
		return BadValue{err}
	case perSecond == 0:
		return badValue("must be above 0")
	case perSecond < r.Least:
		return badValue("must be %v per second or more", r.Least)
	}
	*r.To = perSecond
	return nil
}

// units of a rate, in seconds.
var rateUnits = map[string]float64{"": 1, "s": 1, "m": 60, "h": 3600}

var errRate = fmt.Errorf("must be starts per second, such as 5000 or 12k, or per minute, such as 300/m, and at most %.0f per second", stats.MaxRate)

// parseRate reads a rate of 0 to stats.MaxRate starts per second.
func parseRate(text string) (perSecond float64, err error) {
	number, unit, cut := strings.Cut(text, "/")
	seconds, known := rateUnits[unit]
	if !known || cut && unit == "" {
		return 0, errRate
	}
	factor := 1.0
	if short, ok := strings.CutSuffix(number, "k"); ok {
		number, factor = short, 1000
	}
	n, err := strconv.ParseFloat(number, 64)
	perSecond = n * factor / seconds
	if err != nil || !(perSecond >= 0 && perSecond <= stats.MaxRate) {
		return 0, errRate
	}
	return perSecond, nil
}

const wantStages = "must be stages such as 1000:10s, or 1000..5000:30s for a rate that changes, separated by commas"

// parseStages reads a list of stages.
func parseStages(text string) ([]stats.Stage, error) {
	parts := strings.Split(text, ",")
	if len(parts) > stats.MaxStages {
		return nil, fmt.Errorf("%d stages: must be at most %d", len(parts), stats.MaxStages)
	}
	var stages []stats.Stage
	for _, part := range parts {
		stage, err := parseStage(part)
		if err != nil {
			return nil, fmt.Errorf("stage %q: %w", part, err)
		}
		stages = append(stages, stage)
	}
	return stages, nil
}

func parseStage(text string) (stage stats.Stage, err error) {
	rates, length, ok := strings.Cut(text, ":")
	if !ok {
		return stage, errors.New(wantStages)
	}
	from, to, changes := strings.Cut(rates, "..")
	if !changes {
		to = from
	}
	if stage.From, err = parseRate(from); err != nil {
		return stage, err
	}
	if stage.To, err = parseRate(to); err != nil {
		return stage, err
	}
	return stage, span{&stage.LengthUs, 0}.Set(length)
}

// arrivals is how the starts of an open loop are spread.
type arrivals struct{ to *stats.Arrivals }

func (a arrivals) String() string { return "" }
func (a arrivals) Type() string   { return "string" }

func (a arrivals) Set(text string) error {
	switch v := stats.Arrivals(text); v {
	case stats.ArrivalsEven, stats.ArrivalsPoisson:
		*a.to = v
		return nil
	}
	return badValue("must be %s or %s", stats.ArrivalsEven, stats.ArrivalsPoisson)
}

// timestamps is which responses the kernel stamps.
type timestamps struct{ to *stats.Timestamps }

func (v timestamps) String() string { return "" }
func (v timestamps) Type() string   { return "string" }

func (v timestamps) Set(text string) error {
	switch t := stats.Timestamps(text); t {
	case stats.TimestampsSampled:
		*v.to = ""
		return nil
	case stats.TimestampsKernel, stats.TimestampsNone:
		*v.to = t
		return nil
	}
	return badValue("must be %s, %s or %s", stats.TimestampsSampled, stats.TimestampsKernel, stats.TimestampsNone)
}

// Open reports whether the options are those of an open loop.
func (o *Options) Open() bool { return o.Rate > 0 || len(o.Stages) > 0 }

// stages returns the stages of an open loop, none for a closed one.
func (o *Options) stages() []stats.Stage {
	if o.Rate > 0 {
		return []stats.Stage{{From: o.Rate, To: o.Rate, LengthUs: o.DurationUs}}
	}
	return o.Stages
}

// checkOpenLoop reports options that do not go with an open loop, and fills in what such a
// loop has by default.
func (l *CommandLine) checkOpenLoop() error {
	o := l.options
	with := "--" + l.name("rate")
	if l.given("stages") {
		with = "--" + l.name("stages")
	}
	for _, other := range []string{"low", "high"} {
		if l.given(other) {
			return fmt.Errorf("--%s and %s cannot be given together: watermarks make starts wait for the testee, and a rate does not wait", l.name(other), with)
		}
	}
	if l.given("rate") && l.given("stages") {
		return errors.New("--rate and --stages cannot be given together: stages have rates of their own")
	}
	o.Low, o.High = 0, 0
	if o.Arrivals == "" {
		o.Arrivals = stats.ArrivalsEven
	}
	if l.given("stages") {
		return l.endByStages()
	}
	if !l.given("conns") && !l.given("duration") && o.DurationUs == 0 {
		o.Connections, o.DurationUs = 0, defaultOpenLength.Microseconds()
	}
	return nil
}

// endByStages lets a run last as long as its stages.
func (l *CommandLine) endByStages() error {
	for _, other := range []string{"conns", "duration"} {
		if l.given(other) {
			return fmt.Errorf("--%s and --stages cannot be given together: stages have times of their own", l.name(other))
		}
	}
	l.options.Connections, l.options.DurationUs = 0, 0
	for _, s := range l.options.Stages {
		if s.LengthUs > math.MaxInt64/1000-l.options.DurationUs { // time.Duration counts nanoseconds
			return errors.New("--stages: the times are too long: together they must be at most 292 years")
		}
		l.options.DurationUs += s.LengthUs
	}
	return nil
}
