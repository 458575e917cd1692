package stats

import (
	"errors"
	"slices"
)

// Sum merges results one after the other as MergeResults does, in little more memory than one of
// them takes. The zero value is a sum of none.
type Sum struct {
	res    *Result // nil: none was added
	idle   *Result // the first whose parts did not begin
	parts  []Part
	traits *traits

	machineAt map[string]int // indices of res.Machines
	kernelAt  map[place]int  // indices of res.Kernel
	cpus      int            // of res.Machines
	noKernel  bool           // a result with a connection has no evidence of a kernel
	noMachine bool
	noLog     bool

	loaded       loadedSum
	counters     counterSum
	costs        costSum
	verdicts     verdictSum
	calibrations calibrationSum
	intervals    intervalSum
}

// Add adds a result, without modifying it. The error is that of a histogram that cannot hold all
// values. A result from a file always fits, except for its intervals, and these are added first:
// after such an error the sum is as before.
func (s *Sum) Add(r *Result) error {
	if r.Idle() {
		s.parts = append(s.parts, partsOf(r)...)
		if s.idle == nil {
			s.idle = r
		}
		return nil
	}
	series, err := s.intervals.plus(r)
	if err != nil {
		return err
	}
	first := s.res == nil
	if first {
		s.begin(r)
	}
	if err := s.res.addHistograms(r); err != nil {
		return err
	}
	s.intervals = series
	s.parts = append(s.parts, partsOf(r)...)
	if !first {
		s.res.mergeSetup(&r.Setup)
		merge(&s.res.Load, &r.Load, mergeSum)
		merge(&s.res.Provenance, &r.Provenance, mergeCommon)
	}
	s.addEvidence(r)
	s.res.addResult(r)
	return nil
}

// begin takes what the first result has of all that is compared or has no neutral value.
func (s *Sum) begin(r *Result) {
	s.res = newResult()
	s.res.Setup, s.res.Load, s.res.Provenance = r.Setup, r.Load, r.Provenance
	s.res.Started, s.res.Ended = r.Started, r.Ended
	s.machineAt, s.kernelAt = make(map[string]int), make(map[place]int)
	s.traits = &traits{values: make(map[string][]string)}
}

// addEvidence adds what is known beside the connections. Results whose windows overlap have seen
// the same events of the same place.
func (s *Sum) addEvidence(r *Result) {
	rule := mergeSum
	if s.res.Started.Before(r.Ended) && r.Started.Before(s.res.Ended) {
		rule = mergeMax
	}
	s.addKernels(r, rule)
	s.addMachines(r, rule)
	s.noKernel = s.noKernel || r.Total > 0 && len(r.Kernel) == 0
	s.noMachine = s.noMachine || r.Total > 0 && len(r.Machines) == 0
	s.dropPartial()
	s.addLog(r)
	s.traits.addAll(traitsOf(r))
	s.loaded.add(r)
	s.counters.add(r)
	s.verdicts.add(r)
	s.calibrations.add(r)
	s.costs.add(r)
}

// dropPartial drops evidence that does not cover all connections, or that is too much.
func (s *Sum) dropPartial() {
	r := s.res
	if len(r.Kernel) > MaxPlaces {
		r.omit(OmittedKernel)
	}
	if len(r.Machines) > MaxPlaces || s.cpus > MaxCPUs {
		r.omit(OmittedMachines)
	}
	if s.noKernel || slices.Contains(r.Omitted, OmittedKernel) {
		r.Kernel = nil
		clear(s.kernelAt)
	}
	if s.noMachine || slices.Contains(r.Omitted, OmittedMachines) {
		r.Machines, s.cpus = nil, 0
		clear(s.machineAt)
	}
}

func (s *Sum) addLog(r *Result) {
	s.noLog = s.noLog || r.Log == nil
	s.res.Log = append(s.res.Log, r.Log...)
	if s.noLog {
		s.res.Log = nil
	}
}

// Result returns the sum. It fails if no result was added. Nothing may be added after that.
func (s *Sum) Result() (*Result, error) {
	res := s.res
	switch {
	case res == nil && s.idle == nil:
		return nil, errors.New("no results to merge")
	case res == nil:
		only := *s.idle
		res = &only
	default:
		res.Loaded = s.loaded.result()
		res.Counters = s.counters.sum
		res.TesteeCost = s.costs.result()
		res.traits, res.Differences = s.traits, s.traits.differences()
		res.Verdict, res.Calibration = s.verdicts.result(res), s.calibrations.result()
		res.Intervals = s.intervals.all
	}
	res.Parts = slices.Clone(s.parts)
	slices.SortStableFunc(res.Parts, comparePart)
	if len(res.Parts) > MaxParts {
		res.Parts = nil
		res.omit(OmittedParts)
	}
	return res, nil
}

func (r *Result) addHistograms(other *Result) error {
	for p := range r.Phases {
		if err := r.Phases[p].add(Phase(p), other.Phases[p]); err != nil {
			return err
		}
	}
	return nil
}

// addResult adds what is added by rules of its own types.
func (r *Result) addResult(other *Result) {
	r.addWindow(other)
	r.Counts.Add(&other.Counts)
	for code, n := range other.StatusCodes {
		r.StatusCodes[code] += n
	}
	for c := range other.Errnos {
		for errno, n := range other.Errnos[c] {
			r.AddErrno(Cause(c), errno, n)
		}
	}
	r.TLS.add(&other.TLS)
	r.addLoops(other.Loops)
	r.Client.add(other.Client)
	r.addReplies(other)
	for _, what := range other.Omitted {
		r.omit(what)
	}
}

func (r *Result) addWindow(other *Result) {
	if other.Started.Before(r.Started) {
		r.Started = other.Started
	}
	if other.Ended.After(r.Ended) {
		r.Ended = other.Ended
	}
	r.Interrupted = r.Interrupted || other.Interrupted
}

// addLoops drops all loops if they are too many: the sums over some of them would not be those of
// the result.
func (r *Result) addLoops(more []LoopResult) {
	if len(r.Loops)+len(more) > MaxLoops {
		r.omit(OmittedLoops)
	}
	if slices.Contains(r.Omitted, OmittedLoops) {
		r.Loops = nil
		return
	}
	r.Loops = append(r.Loops, more...)
}

func (c *ClientCost) add(other ClientCost) { merge(c, &other, mergeSum) }

// mergeSetup merges the setup of another result. Shares of the stages of one run add up to it.
func (r *Result) mergeSetup(other *Setup) {
	stages := addStages(r.Setup.Stages, other.Stages)
	merge(&r.Setup, other, mergeCommon)
	r.Setup.Stages = stages
}

// addStages adds the rates of stages in a new list. There are none unless the lengths agree.
func addStages(a, b []Stage) (sum []Stage) {
	if len(a) != len(b) {
		return nil
	}
	for i := range a {
		if a[i].LengthUs != b[i].LengthUs {
			return nil
		}
		sum = append(sum, Stage{a[i].From + b[i].From, a[i].To + b[i].To, a[i].LengthUs})
	}
	return sum
}
