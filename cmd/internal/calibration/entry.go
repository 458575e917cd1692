// Package calibration keeps what this machine can do with the built-in testee, in a file of the
// user's cache, and compares results with it.
package calibration

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"wsperf/stats"
)

// Entry is what the machine can do with a load of one shape.
type Entry struct {
	Shape     Shape     `json:"shape"`
	Facts     Facts     `json:"facts"`
	Measured  time.Time `json:"measured"`
	PerSecond float64   `json:"handshakes_per_second"` // median of the runs
	Least     float64   `json:"least"`                 // of them
	Most      float64   `json:"most"`
}

// Bounds of a rate. One handshake in the longest run is above the lower one. A share of it stays
// within what stats.Result.Check accepts.
const (
	leastPerSecond = 1e-4
	mostPerSecond  = 1e9
)

// sound reports whether results that are compared with the entries can be written and read back:
// JSON has years of four digits, whatever the time zone (time.Time.MarshalJSON).
func sound(all []Entry) bool {
	return !slices.ContainsFunc(all, func(e Entry) bool {
		year := e.Measured.UTC().Year()
		return !(e.PerSecond >= leastPerSecond && e.PerSecond <= mostPerSecond) || year < 1970 || year > 9999
	})
}

// Shape is what a load must have in common with that of a calibration to be compared.
type Shape struct {
	Loops int   `json:"loops"`
	CPUs  []int `json:"cpus"` // of the loops; empty: not pinned
	Low   int   `json:"low"`  // watermarks; 0 in an open loop, which has none
	High  int   `json:"high"`
	TLS   TLS   `json:"tls,omitzero"` // missing: ws://, as in files of versions without it
}

// ShapeOf returns the shape of a result's load.
func ShapeOf(r *stats.Result) Shape {
	cpus := append([]int{}, r.Setup.CPUs...) // JSON has an empty list, not null
	slices.Sort(cpus)
	secured, _ := tlsOf(r)
	return Shape{r.Setup.Loops, cpus, r.Setup.Low, r.Setup.High, secured}
}

// fits reports whether a load of a shape can be compared with that of s, which is a closed loop's, if
// both are over ws:// or over the same TLS. An open loop has no watermarks: what the machine can do
// with any fits.
func (s Shape) fits(load Shape) bool {
	return s.Loops == load.Loops && slices.Equal(s.CPUs, load.CPUs) && (load.High == 0 || s.Low == load.Low && s.High == load.High)
}

func (s Shape) equal(o Shape) bool {
	return s.fits(o) && s.Low == o.Low && s.High == o.High && s.TLS == o.TLS
}

// Facts are what a machine's ceiling depends on.
type Facts struct {
	Version     string `json:"wsperf"` // with the commit
	System      string `json:"system"` // the kernel and its build
	CPUModel    string `json:"cpu_model"`
	CPUs        int    `json:"cpus"`
	AllowedCPUs string `json:"allowed_cpus"`
	Governor    string `json:"governor"`
	ClockSource string `json:"clock_source"`
	Mitigations string `json:"mitigations"`
	Go          string `json:"go,omitempty"` // version whose crypto/tls it is; empty: ws://
}

// FactsOf returns the facts that a result was measured with.
func FactsOf(r *stats.Result) Facts {
	p := &r.Provenance
	f := Facts{
		Version: strings.TrimSpace(r.Setup.Version + " " + p.Commit), System: p.System, CPUModel: p.CPUModel, CPUs: p.CPUs, AllowedCPUs: p.AllowedCPUs,
		Governor: p.Governor, ClockSource: p.ClockSource, Mitigations: mitigations(p),
	}
	if r.UsesTLS() {
		f.Go = r.Setup.GoVersion
	}
	return f
}

func mitigations(p *stats.Provenance) string {
	words := []string{p.MitigationsOption}
	for _, name := range slices.Sorted(maps.Keys(p.Mitigations)) {
		words = append(words, name+"="+p.Mitigations[name])
	}
	return strings.Join(words, ";")
}

// differences names the facts in which two machines, or one at two times, differ.
func (f Facts) differences(o Facts) (names []string) {
	for _, c := range []struct {
		name string
		same bool
	}{
		{"version of wsperf", f.Version == o.Version}, {"kernel", f.System == o.System}, {"CPU model", f.CPUModel == o.CPUModel},
		{"number of CPUs", f.CPUs == o.CPUs}, {"allowed CPUs", f.AllowedCPUs == o.AllowedCPUs}, {"frequency governor", f.Governor == o.Governor},
		{"clock source", f.ClockSource == o.ClockSource}, {"mitigations", f.Mitigations == o.Mitigations},
		{"version of Go", f.Go == o.Go},
	} {
		if !c.same {
			names = append(names, c.name)
		}
	}
	return names
}

// perSecond is the rate of a result without its drain, if that is known.
func perSecond(r *stats.Result) float64 {
	if n, ok := r.LoadedHandshakesPerSecond(); ok {
		return n
	}
	return r.HandshakesPerSecond()
}

// maxEntries bounds the file. The oldest go first.
const maxEntries = 64

// add replaces the entries of the same shape and facts.
func add(all []Entry, e Entry) []Entry {
	all = slices.DeleteFunc(slices.Clone(all), func(o Entry) bool { return o.Shape.equal(e.Shape) && o.Facts == e.Facts })
	all = append(all, e)
	slices.SortStableFunc(all, func(a, b Entry) int { return cmp.Compare(a.Measured.UnixNano(), b.Measured.UnixNano()) })
	return all[max(0, len(all)-maxEntries):]
}

// NewEntry makes an entry of results with the same shape, of which there is at least one. It fails if
// their TLS handshakes are of several kinds, or of one that no result can be compared with.
func NewEntry(rs []*stats.Result) (Entry, error) {
	var rates []float64
	for _, r := range rs {
		rates = append(rates, perSecond(r))
	}
	slices.Sort(rates)
	last := rs[len(rs)-1]
	_, why := tlsOf(last)
	if why != "" {
		return Entry{}, errors.New(why)
	}
	return Entry{
		Shape: ShapeOf(last), Facts: FactsOf(last), Measured: last.Ended.UTC().Truncate(time.Second),
		PerSecond: rates[(len(rates)-1)/2], Least: rates[0], Most: rates[len(rates)-1],
	}, nil
}
