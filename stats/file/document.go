package file

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
)

const (
	// maxCount bounds every count of a result file. A run cannot reach it (90 years of
	// 100000 a second), every JSON reader holds it exactly (below 2^53, RFC 8259 section
	// 6), and sums of counts do not overflow.
	maxCount = 1 << 48
	// maxSetting bounds the numbers of config: the microseconds of the longest
	// time.Duration.
	maxSetting = math.MaxInt64 / 1000
)

// document is a result file as it was read, not yet validated.
type document struct {
	schema                         string
	durationUs, startedNs, endedNs int64
	counts                         stats.Counts
	setup                          stats.Setup
	load                           stats.LoadResult
	loaded                         stats.LoadedResult
	interrupted                    bool
	causes, status                 map[string]uint64
	errnos                         map[string]map[string]uint64 // by cause
	phases                         map[string]phaseShape
	apart                          [stats.NumPhases]*phaseShape // the phases that have a key of their own
	tls                            stats.TLSResult
	loops                          []stats.LoopResult
	client                         stats.ClientCost
	kernel                         []stats.KernelResult
	machines                       []stats.MachineResult
	parts                          []stats.Part
	omitted                        []stats.Omitted
	replies                        [stats.NumCauses][]stats.Reply
	findings                       []stats.Finding
	provenance                     provenanceShape
	counters                       countersShape
	testeeCost                     stats.TesteeCost
	verdict                        stats.Verdict
	calibration                    stats.Calibration
	intervals                      []stats.Interval
	intervalBytes                  int // of their histograms
	hasLog                         bool
	records                        uint64
	negative, negativeSuccess      error // the first negative duration of any record, and of one that did not fail
}

// target is where the value of a key goes.
type target struct {
	value    any  // a pointer
	optional bool // files may lack the key
}

func (d *document) targets() map[string]target {
	all := map[string]target{
		"schema":         {value: &d.schema},
		"total_duration": {value: &d.durationUs},
		"started":        {value: &d.startedNs},
		"ended":          {value: &d.endedNs},
		"config":         {value: &d.setup},
		"interrupted":    {value: &d.interrupted},
		"causes":         {value: &d.causes},
		"status_codes":   {value: &d.status},
		"phases":         {value: &d.phases},
		"client":         {value: &d.client},
		errnosKey:        {value: &d.errnos, optional: true},
		loadKey:          {value: &d.load, optional: true},
		loadedKey:        {value: &d.loaded, optional: true},
		requirementsKey:  {value: &d.findings, optional: true},
		provenanceKey:    {value: &d.provenance, optional: true},
		countersKey:      {value: &d.counters, optional: true},
		testeeCostKey:    {value: &d.testeeCost, optional: true},
		verdictKey:       {value: &d.verdict, optional: true},
		calibrationKey:   {value: &d.calibration, optional: true},
		omittedKey:       {value: &d.omitted, optional: true},
		tlsKey:           {value: &d.tls, optional: true},
	}
	for p := range stats.Phase(stats.NumPhases) {
		if p.Apart() {
			all[p.String()] = target{&d.apart[p], true}
		}
	}
	for _, c := range countsIn(&d.counts) {
		all[c.key] = target{c.pointer, c.optional}
	}
	return all
}

// countIn is a count, or a group of counts, that has a key of its own.
type countIn struct {
	key      string
	pointer  any
	zero     bool
	optional bool // files lack it when it is zero
}

// countsIn lists the counts by their JSON keys.
func countsIn(c *stats.Counts) (all []countIn) {
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		key, optional := jsonKey(v.Type().Field(i))
		if key != "-" {
			all = append(all, countIn{key, v.Field(i).Addr().Interface(), v.Field(i).IsZero(), optional})
		}
	}
	return all
}

// checkSchema is called after each key, so that a file in another format is refused for
// its format, and not for a later key.
func (d *document) checkSchema(key string) error {
	if key == "schema" && d.schema != stats.Schema {
		return fmt.Errorf("%q is not a format that this version reads: must be %q", clip(d.schema), stats.Schema)
	}
	return nil
}

// result validates the document and returns its result.
func (d *document) result() (*stats.Result, error) {
	if d.negative != nil {
		return nil, d.negative
	}
	if err := d.checkRanges(); err != nil {
		return nil, err
	}
	r := &stats.Result{
		Setup:       d.setup,
		Load:        d.load,
		Loaded:      d.loaded,
		Started:     time.Unix(0, d.startedNs),
		Ended:       time.Unix(0, d.endedNs),
		Counts:      d.counts,
		TLS:         d.tlsResult(),
		Loops:       d.loops,
		Client:      d.client,
		Counters:    d.counters.Counters,
		TesteeCost:  d.testeeCost,
		Verdict:     d.verdict,
		Calibration: d.calibration,
		Kernel:      d.kernel,
		Machines:    d.machines,
		Parts:       d.parts,
		Omitted:     d.omitted,
		Replies:     d.replies,
		Interrupted: d.interrupted,
		Findings:    d.findings,
		Provenance:  d.provenance.Provenance,
		Differences: d.provenance.Differences,
		Intervals:   d.intervals,
	}
	for _, fill := range []func(*stats.Result) error{d.fillCauses, d.fillStatus, d.fillErrnos, d.fillPhases} {
		if err := fill(r); err != nil {
			return nil, err
		}
	}
	if d.hasLog && d.records != d.counts.Total {
		return nil, fmt.Errorf("key \"connection_stats\": %d records, but total is %d", d.records, d.counts.Total)
	}
	return r, r.Check()
}

// ancestorResult completes the result of an ancestor's file. It ignores total_duration:
// the ancestor measured that with another clock than the window, and the two can differ
// by a microsecond. Negative durations of failed connections are the ancestor's garbage,
// which the tally leaves out.
func (d *document) ancestorResult(tally *stats.Tally) (*stats.Result, error) {
	if d.negativeSuccess != nil {
		return nil, d.negativeSuccess
	}
	if err := d.checkWindow(); err != nil {
		return nil, err
	}
	if err := d.checkCounts(); err != nil {
		return nil, err
	}
	r := tally.Result()
	r.Started, r.Ended = time.Unix(0, d.startedNs), time.Unix(0, d.endedNs)
	r.Throttled, r.Resumed = d.counts.Throttled, d.counts.Resumed
	return r, r.Check()
}

// addSigns notes the negative durations of the record that was counted last. Whether one is
// an error depends on the file's format, which may become known after the records.
func (d *document) addSigns(r *record) {
	key, us := r.negative()
	if us >= 0 {
		return
	}
	if d.negative == nil {
		d.negative = fmt.Errorf("key %q: record %d: %q is %d, must be 0 or more", logKey, d.records, key, us)
	}
	if d.negativeSuccess == nil && !r.failed {
		d.negativeSuccess = fmt.Errorf("key %q: record %d: %q is %d, must be 0 or more unless the connection failed", logKey, d.records, key, us)
	}
}

// lists returns what adds an element to each list that is read element by element. The lists of
// a run in many parts are longer than maxValueBytes.
func (d *document) lists() map[string]func(element []byte) error {
	return map[string]func([]byte) error{
		samplesKey:   d.addSample,
		intervalsKey: d.addInterval,
		loopsKey:     adder(&d.loops, stats.MaxLoops),
		kernelKey:    adder(&d.kernel, stats.MaxPlaces),
		machineKey:   adder(&d.machines, stats.MaxPlaces),
		partsKey:     d.addPart,
	}
}

// dropPartial drops the lists of a damaged file that were not read to their end and say nothing
// then. Samples do.
func (d *document) dropPartial(whole map[string]bool) {
	if !whole[intervalsKey] {
		d.intervals = nil
	}
	if !whole[kernelKey] {
		d.kernel = nil
	}
	if !whole[machineKey] {
		d.machines = nil
	}
	if !whole[partsKey] {
		d.parts = nil
	}
}

// adder returns a function that appends an element to a list of at most that many.
func adder[T any](list *[]T, most int) func(element []byte) error {
	return func(element []byte) error {
		if len(*list) == most {
			return fmt.Errorf("more than %d elements", most)
		}
		var v T
		if err := json.Unmarshal(element, &v); err != nil {
			return err
		}
		*list = append(*list, v)
		return nil
	}
}

// addPart adds one element of key "parts".
func (d *document) addPart(value []byte) error {
	if err := adder(&d.parts, stats.MaxParts)(value); err != nil {
		return err
	}
	p := &d.parts[len(d.parts)-1]
	p.StartAt = p.StartAt.UTC() // written as it was: a file can have any zone
	return nil
}

// addSample adds one element of key "samples".
func (d *document) addSample(value []byte) error {
	var s sampleShape
	if err := json.Unmarshal(value, &s); err != nil {
		return err
	}
	c, reply, err := s.reply()
	if err != nil {
		return err
	}
	if len(d.replies[c]) == stats.MaxSamples {
		return fmt.Errorf("more than %d of %v", stats.MaxSamples, c)
	}
	d.replies[c] = append(d.replies[c], reply)
	return nil
}

// fillCauses goes through the keys in order, so that of several faults the same one is
// reported each time.
func (d *document) fillCauses(r *stats.Result) error {
	for _, key := range slices.Sorted(maps.Keys(d.causes)) {
		c, ok := causeOf(key)
		n := d.causes[key]
		if !ok && n > 0 { // a cause of a later version matters only if it was charged
			return fmt.Errorf("key \"causes\": %q is not a known cause", clip(key))
		}
		if ok {
			r.Causes[c] = n
		}
	}
	return nil
}

func (d *document) fillStatus(r *stats.Result) error {
	r.StatusCodes = make(map[int]uint64)
	for _, key := range slices.Sorted(maps.Keys(d.status)) {
		code, err := stats.ParseStatusKey(clip(key))
		if err != nil {
			return fmt.Errorf("key \"status_codes\": %w", err)
		}
		r.StatusCodes[code] = d.status[key]
	}
	return nil
}

func (d *document) fillErrnos(r *stats.Result) error {
	for _, cause := range slices.Sorted(maps.Keys(d.errnos)) {
		c, ok := causeOf(cause)
		if !ok {
			return fmt.Errorf("key %q: %q is not a known cause", errnosKey, clip(cause))
		}
		for _, key := range slices.Sorted(maps.Keys(d.errnos[cause])) {
			errno, err := stats.ParseErrnoKey(clip(key))
			if err != nil {
				return fmt.Errorf("key \"%s.%v\": %w", errnosKey, c, err)
			}
			r.AddErrno(c, errno, d.errnos[cause][key])
		}
	}
	return nil
}

func (d *document) fillPhases(r *stats.Result) error {
	for p := range stats.Phase(stats.NumPhases) {
		shape := d.phase(p)
		if shape == nil { // the file is older than the phase; Result.Check refuses it if successes need one
			r.Phases[p] = stats.NewPhaseResult()
			continue
		}
		phase, err := shape.phase()
		if err != nil {
			return fmt.Errorf("key \"phases\": %q: %w", p, err)
		}
		r.Phases[p] = phase
	}
	return nil
}

func (d *document) phase(p stats.Phase) *phaseShape {
	if p.Apart() {
		return d.apart[p]
	}
	if shape, ok := d.phases[p.String()]; ok {
		return &shape
	}
	return nil
}

func (s *phaseShape) phase() (stats.PhaseResult, error) {
	success, err := s.Success.histogram()
	if err != nil {
		return stats.PhaseResult{}, fmt.Errorf("\"success\": %w", err)
	}
	failure, err := s.Failure.histogram()
	if err != nil {
		return stats.PhaseResult{}, fmt.Errorf("\"failure\": %w", err)
	}
	return stats.PhaseResult{Success: success, Failure: failure, Overruns: s.Overruns, Underruns: s.Underruns, LeftOut: s.LeftOut}, nil
}

func (s *series) histogram() (*hdrhistogram.Histogram, error) {
	h, err := decodeHistogram(s.Histogram)
	if err != nil {
		return nil, fmt.Errorf("histogram: %w", err)
	}
	if uint64(h.TotalCount()) != s.Count {
		return nil, fmt.Errorf("histogram: %d values, but count is %d", h.TotalCount(), s.Count)
	}
	return h, nil
}
