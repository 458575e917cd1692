package file

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"wsperf/stats"
)

// Write writes a result file in the format stats.Schema, which SchemaJSON describes. If
// the result has a log, connection_stats is the last key. The memory needed does not
// depend on the length of the log. The error is the first one of w.
func Write(w io.Writer, r *stats.Result) error {
	phases, err := phaseMembers(r)
	if err != nil {
		return err
	}
	return writeFile(w, r, phases)
}

// writeFile writes the result file with its phases, which are costly to encode.
func writeFile(w io.Writer, r *stats.Result, phases []member) error {
	out := bufio.NewWriter(w)
	for i, m := range members(r, phases) {
		separator := ",\n"
		if i == 0 {
			separator = "{\n"
		}
		if err := writeMember(out, separator, m); err != nil {
			return err
		}
	}
	if len(r.Intervals) > 0 {
		if err := writeIntervals(out, r.Intervals); err != nil {
			return err
		}
	}
	if r.Log != nil {
		if err := writeLog(out, r.Log); err != nil {
			return err
		}
	}
	fmt.Fprint(out, "\n}\n")
	return out.Flush()
}

// members lists the top level of the result file in its order. The first keys are those
// that the ancestor's files have too.
func members(r *stats.Result, phases []member) []member {
	startedNs, lengthNs := window(r)
	all := []member{
		{"schema", stats.Schema},
		{"total_duration", lengthNs / 1000},
		{"started", startedNs},
		{"ended", startedNs + lengthNs},
	}
	for _, c := range countsIn(&r.Counts) {
		if !c.optional || !c.zero {
			all = append(all, member{c.key, c.pointer})
		}
	}
	all = append(all,
		member{"config", config(r.Setup)},
		member{"handshakes_per_second", r.HandshakesPerSecond()},
	)
	all = append(all, optionalMembers(r)...)
	all = append(all,
		member{"interrupted", r.Interrupted},
		member{"causes", causeMembers(r)},
		member{"status_codes", statusMembers(r)},
	)
	if o := errnoMembers(r); len(o) > 0 {
		all = append(all, member{errnosKey, o})
	}
	all = append(all, phases...)
	all = append(all,
		member{"loops", append([]stats.LoopResult{}, r.Loops...)},
		member{"client", clientShape{r.Client, r.PerConnection(r.Client.UserUs), r.PerConnection(r.Client.SystemUs)}},
	)
	if kept := sampleShapes(r); len(kept) > 0 {
		all = append(all, member{samplesKey, kept})
	}
	return all
}

// optionalMembers lists what a result may lack. It stands before the last required key, so that
// a truncated file that can be used has it.
func optionalMembers(r *stats.Result) (all []member) {
	if r.Load != (stats.LoadResult{}) {
		all = append(all, member{loadKey, newLoadShape(r)})
	}
	if r.Loaded != (stats.LoadedResult{}) {
		all = append(all, member{loadedKey, newLoadedShape(r)})
	}
	if r.UsesTLS() {
		all = append(all, member{tlsKey, tlsShape(r.TLS)})
	}
	all = append(all, evidence(r)...)
	if r.Provenance.Known() || len(r.Differences) > 0 {
		all = append(all, member{provenanceKey, newProvenanceShape(r)})
	}
	if len(r.Findings) > 0 {
		all = append(all, member{requirementsKey, r.Findings})
	}
	if len(r.Parts) > 0 {
		all = append(all, member{partsKey, r.Parts})
	}
	if len(r.Omitted) > 0 {
		all = append(all, member{omittedKey, r.Omitted})
	}
	return all
}

// window returns the start in nanoseconds since the epoch and the length in
// nanoseconds. The end in the file is their sum, so that a wall clock that was
// set during the run changes nothing.
func window(r *stats.Result) (startedNs, lengthNs int64) {
	if !r.Started.IsZero() { // UnixNano is undefined for the zero time
		startedNs = r.Started.UnixNano()
	}
	return startedNs, int64(r.Duration())
}

// config makes empty lists of the missing ones: the schema knows no null.
func config(s stats.Setup) stats.Setup {
	s.CPUs = append([]int{}, s.CPUs...)
	return s
}

// judged is a verdict with what follows from it, for those who read the file without this program.
type judged struct {
	stats.Verdict
	Valid bool `json:"valid"`
}

// evidence lists the verdict, and what is known of everything beside the connections.
func evidence(r *stats.Result) (all []member) {
	if r.Verdict.Known() {
		all = append(all, member{verdictKey, judged{r.Verdict, r.Verdict.Valid()}})
	}
	if r.Calibration != (stats.Calibration{}) {
		all = append(all, member{calibrationKey, r.Calibration})
	}
	if len(r.Kernel) > 0 {
		all = append(all, member{kernelKey, r.Kernel})
	}
	if len(r.Machines) > 0 {
		all = append(all, member{machineKey, machineShapes(r)})
	}
	if !r.TesteeCost.IsZero() {
		all = append(all, member{testeeCostKey, newTesteeCostShape(r)})
	}
	if r.Counters.Known() {
		all = append(all, member{countersKey, newCountersShape(r, r.Counters)})
	}
	return all
}

// machineShapes makes empty lists of the missing ones: the schema knows no null.
func machineShapes(r *stats.Result) []stats.MachineResult {
	all := slices.Clone(r.Machines)
	for i := range all {
		all[i].CPUs = append([]stats.CPUResult{}, all[i].CPUs...)
	}
	return all
}

func causeMembers(r *stats.Result) object {
	var o object
	for c := stats.CauseNone + 1; c < stats.NumCauses; c++ {
		if !c.OfTLS() || r.UsesTLS() {
			o = append(o, member{c.String(), r.Causes[c]})
		}
	}
	return o
}

func statusMembers(r *stats.Result) object {
	var o object
	for _, code := range slices.Sorted(maps.Keys(r.StatusCodes)) {
		o = append(o, member{stats.StatusKey(code), r.StatusCodes[code]})
	}
	return o
}

// errnoMembers lists the causes that have errnos, and the errnos by their number.
func errnoMembers(r *stats.Result) (o object) {
	for c, counts := range r.Errnos {
		var of object
		for _, errno := range slices.Sorted(maps.Keys(counts)) {
			of = append(of, member{stats.ErrnoKey(errno), counts[errno]})
		}
		if len(of) > 0 {
			o = append(o, member{stats.Cause(c).String(), of})
		}
	}
	return o
}

// phaseMembers returns the phases, those of TLS if the run used it, and those that stand beside
// them if they have a value.
func phaseMembers(r *stats.Result) ([]member, error) {
	var phases object
	var apart []member
	for _, p := range stats.PhaseOrder() {
		if p.OfTLS() && !r.UsesTLS() {
			continue
		}
		shape, err := newPhaseShape(&r.Phases[p])
		switch {
		case err != nil:
			return nil, fmt.Errorf("phase %v: %w", p, err)
		case !p.Apart():
			phases = append(phases, member{p.String(), shape})
		case shape.Success.Count+shape.Failure.Count > 0:
			apart = append(apart, member{p.String(), shape})
		}
	}
	return append([]member{{"phases", phases}}, apart...), nil
}

func newPhaseShape(phase *stats.PhaseResult) (phaseShape, error) {
	success, err := newSeries(phase.Success)
	if err != nil {
		return phaseShape{}, err
	}
	failure, err := newSeries(phase.Failure)
	return phaseShape{success, failure, phase.Overruns, phase.Underruns, phase.LeftOut}, err
}

func writeMember(out *bufio.Writer, separator string, m member) error {
	var value bytes.Buffer
	enc := json.NewEncoder(&value)
	enc.SetEscapeHTML(false) // the file is for no browser: keep < and & of a URL
	if err := enc.Encode(m.value); err != nil {
		return fmt.Errorf("write %s: %w", m.key, err)
	}
	_, err := fmt.Fprintf(out, "%s%q:%s", separator, m.key, bytes.TrimSuffix(value.Bytes(), []byte("\n")))
	return err
}

// writeIntervals writes the intervals, one per line.
func writeIntervals(out *bufio.Writer, all []stats.Interval) error {
	w := newIntervalWriter()
	fmt.Fprintf(out, ",\n%q:[", intervalsKey)
	separator := "\n"
	for i := range all {
		shape, err := w.shape(&all[i])
		if err != nil {
			return err
		}
		line, err := json.Marshal(shape)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%s%s", separator, line); err != nil {
			return err
		}
		separator = ",\n"
	}
	_, err := out.WriteString("]")
	return err
}

// writeLog writes connection_stats, one record per line, and stops at the first
// error instead of formatting millions of records for nobody.
func writeLog(out *bufio.Writer, logs []*stats.ConnLog) error {
	fmt.Fprint(out, ",\n\"connection_stats\":[")
	line := make([]byte, 0, 128)
	separator := "\n"
	for _, log := range logs {
		for c := range log.All() {
			line = appendRecord(append(line[:0], separator...), c)
			if _, err := out.Write(line); err != nil {
				return err
			}
			separator = ",\n"
		}
	}
	_, err := out.WriteString("]")
	return err
}

// appendRecord appends one record with the keys of the ancestor's files. tcp_pre_init
// holds all of phase connect.
func appendRecord(b []byte, c stats.ConnRecord) []byte {
	b = append(b, `{"tcp_pre_init":`...)
	b = strconv.AppendUint(b, uint64(c.ConnectUs), 10)
	b = append(b, `,"tcp_post_init":0,"open":`...)
	b = strconv.AppendUint(b, uint64(c.OpenUs), 10)
	b = append(b, `,"close":`...)
	b = strconv.AppendUint(b, uint64(c.CloseUs), 10)
	b = append(b, `,"failed":`...)
	b = strconv.AppendBool(b, c.Failed)
	return append(b, '}')
}
