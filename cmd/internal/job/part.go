package job

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"wsperf/engine"
	"wsperf/stats"
)

// Part is which part of a run a process makes, and when it begins. The zero value is the whole, at once.
type Part struct {
	Shard     Shard
	RunID     string // empty: none
	Start     Start
	ReadyFile string // exists while the process is prepared, waits and runs; empty: none
}

// Shard is the Number-th of Of parts. The zero value is no part.
type Shard struct {
	Number int // 0 to Of-1
	Of     int // 1 to stats.MaxParts, or 0
}

func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Number, s.Of) }

// Start is when a part begins: at At, or at the moment that is in File. If both are zero, it begins at once.
type Start struct {
	At        time.Time
	File      string
	TimeoutUs int64 // of waiting for the moment in File
	MaxLateUs int64 // a part that would be later does not begin
}

// Waits reports whether there is a moment.
func (s *Start) Waits() bool { return s.File != "" || !s.At.IsZero() }

// Is reports whether the result is that of a part.
func (p *Part) Is() bool { return p.Shard.Of > 0 }

// What says which part it is, for a message.
func (p *Part) What() string {
	text := fmt.Sprintf("part %s", p.Shard)
	if p.RunID != "" {
		text += " of run " + p.RunID
	}
	return text
}

const (
	shardUsage = "be part `I/N` of a run in N processes, such as 0/3 to 2/3: connections, rates and watermarks are those of the whole run, and this process makes its share\n" +
		"(default none, or as the environment says)"
	startAtUsage = "prepare all, and begin at `MOMENT`: a Unix time, such as 1764270000.5, a time, such as 2026-11-27T19:00:00Z,\n" +
		"or @FILE, which has one of them or will have (default none: begin at once)"
)

// partOptions are those of a run in parts. Only run has them.
func partOptions() []option {
	ofRun := func(name, usage string, v value) option { return option{flags{run: {name, usage}}, v} }
	return []option{
		ofRun("shard", shardUsage, func(o *Options) pflag.Value { return shardValue{&o.Part.Shard} }),
		ofRun("start-at", startAtUsage, func(o *Options) pflag.Value { return startValue{&o.Part.Start} }),
		ofRun("start-timeout", "wait for this `TIME` for the moment in the file of --start-at",
			func(o *Options) pflag.Value { return span{&o.Part.Start.TimeoutUs, MostStartTimeout} }),
		ofRun("max-late", "do not begin if it is this `TIME` later than --start-at, and end with exit code 4",
			func(o *Options) pflag.Value { return Time{&o.Part.Start.MaxLateUs, leastMaxLate, mostMaxLate} }),
		ofRun("ready-file", "create the empty `FILE` when all is prepared, and remove it at the end; {shard} as for --out (default none)",
			func(o *Options) pflag.Value {
				return text{&o.Part.ReadyFile, "the name is empty: must be a file that can be created"}
			}),
		ofRun("run-id", "give all parts of a run the same `ID` (default none, or as the environment says)",
			func(o *Options) pflag.Value { return RunID{&o.Part.RunID} }),
	}
}

const (
	// MostStartTimeout is the longest --start-timeout.
	MostStartTimeout = 24 * time.Hour

	leastMaxLate = time.Millisecond // a thread that wakes up is late by less than that, on a machine that is not busy
	mostMaxLate  = time.Hour

	defaultStartTimeout = 5 * time.Minute
	defaultMaxLate      = 250 * time.Millisecond
)

// checkPart reports options of a part that do not go together. Whatever is said of a part makes the run one of
// a single part, so that its result says what came of it.
func (l *CommandLine) checkPart() error {
	p := &l.options.Part
	switch {
	case l.given("start-timeout") && p.Start.File == "":
		return errors.New("--start-timeout needs --start-at @FILE: it is the time to wait for the moment in FILE")
	case l.given("max-late") && !p.Start.Waits():
		return errors.New("--max-late needs --start-at: a run without a moment is never late")
	}
	if !p.Is() && (p.Start.Waits() || l.given("run-id")) {
		p.Shard.Of = 1
	}
	return nil
}

// shardValue is the number of a part and how many there are.
type shardValue struct{ to *Shard }

func (v shardValue) String() string { return "" }
func (v shardValue) Type() string   { return "string" }

func (v shardValue) Set(text string) error {
	number, of, ok := strings.Cut(text, "/")
	if !ok {
		return badValue("must be I/N, such as 0/3, the first of 3 parts")
	}
	s, err := parseShard(number, of)
	if err != nil {
		return BadValue{err}
	}
	*v.to = s
	return nil
}

// parseShard reads a part's number, which counts from 0, and how many parts there are.
func parseShard(number, of string) (Shard, error) {
	n, err := strconv.ParseUint(of, 10, 31)
	if err != nil || n < 1 || n > stats.MaxParts {
		return Shard{}, fmt.Errorf("the number of parts must be 1 to %d", stats.MaxParts)
	}
	i, err := strconv.ParseUint(number, 10, 31)
	if err != nil || i >= n {
		return Shard{}, fmt.Errorf("the part must be 0 to %d", n-1)
	}
	return Shard{int(i), int(n)}, nil
}

// RunID is a pflag.Value: the name of a run.
type RunID struct{ To *string }

// String returns an empty string, because the help says what the default is.
func (v RunID) String() string { return "" }

// Type returns the flag library's word for the type.
func (v RunID) Type() string { return "string" }

// Set checks that a run can have that name.
func (v RunID) Set(text string) error {
	if err := stats.CheckRunID(text); err != nil {
		return BadValue{err}
	}
	*v.To = text
	return nil
}

// divide leaves the part its share of the load, in the setup too.
func (j *Job) divide() error {
	j.load = engine.Load{
		Connections: j.Connections, Duration: j.Duration(), Low: j.Low, High: j.High,
		Stages: j.stages(), Arrivals: j.Arrivals,
		Warmup: microseconds(j.WarmupUs), WarmupConnections: j.WarmupConnections,
	}
	s := j.Part.Shard
	if s.Of <= 1 {
		return nil
	}
	if err := j.checkShares(); err != nil {
		return err
	}
	j.load = j.load.Part(s.Of, s.Number)
	j.Connections, j.WarmupConnections, j.Low, j.High = j.load.Connections, j.load.WarmupConnections, j.load.Low, j.load.High
	j.Rate /= float64(s.Of)
	j.Stages = nthOf(j.Stages, float64(s.Of))
	return nil
}

// nthOf returns stages with the n-th part of their rates. Parts are equal, even if the sum of the rates is not exactly
// that of the whole: so are their schedules.
func nthOf(stages []stats.Stage, n float64) (parts []stats.Stage) {
	for _, s := range stages {
		s.From, s.To = s.From/n, s.To/n
		parts = append(parts, s)
	}
	return parts
}

// checkShares reports what cannot be divided: each part has something to do.
func (j *Job) checkShares() error {
	least := int64(math.MaxInt64)
	name := ""
	for _, n := range []struct {
		name string
		of   int64
	}{{"conns", j.Connections}, {"warmup-conns", j.WarmupConnections}, {"low", int64(j.Low)}, {"high", int64(j.High)}} {
		if n.of > 0 && n.of < least { // 0: not used
			least, name = n.of, n.name
		}
	}
	if of := int64(j.Part.Shard.Of); least < of {
		return fmt.Errorf("--%s %d cannot be divided among %d parts: must be %d or more, that of the whole run", name, least, of, of)
	}
	return nil
}
