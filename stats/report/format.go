package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"wsperf/stats"
	"wsperf/stats/file"
)

// Names of formats that callers treat apart.
const (
	FormatText = "text"
	FormatJSON = "json"
)

// format is a form in which a result is written.
type format struct {
	name  string
	write func(io.Writer, *stats.Result) error
}

// formats is the table of formats. A new one is a row.
func formats() []format {
	return append([]format{
		{FormatText, Text},
		{FormatJSON, file.Write},
		{"csv", writeCSV},
		{spectrum, writeSpectrum},
		{"hlog", writeIntervalLog},
		{"bench", writeBenchmark},
		{"prom", writeMetrics},
	}, spectra()...)
}

// CheckFormat returns an error unless WriteAs knows the format. It is one line that names
// the formats there are.
func CheckFormat(name string) error {
	_, err := findFormat(name)
	return err
}

// WriteAs writes a result in the format of that name:
//
//   - text: the report for people (Text)
//   - json: the result file (file.Write)
//   - csv: one tidy table (writeCSV)
//   - hgrm, hgrm:PHASE: the percentile spectrum of a phase (writeSpectrum)
//   - hlog: an HdrHistogram interval log (writeIntervalLog)
//   - bench: Go's benchmark format (writeBenchmark)
//   - prom: Prometheus's text format (writeMetrics)
//
// In all of them, a phase without a value is left out, and so is a number that does not
// exist: none is NaN or infinite. All but json are printable ASCII. The error is that of
// CheckFormat, or the first one of w.
func WriteAs(name string, w io.Writer, r *stats.Result) error {
	f, err := findFormat(name)
	if err != nil {
		return err
	}
	return f.write(w, r)
}

func findFormat(name string) (format, error) {
	all := formats()
	if i := slices.IndexFunc(all, func(f format) bool { return f.name == name }); i >= 0 {
		return all[i], nil
	}
	if strings.HasPrefix(name, spectrum+":") {
		return format{}, fmt.Errorf("must be %s:PHASE with a PHASE of %s", spectrum, strings.Join(phaseNames(), ", "))
	}
	var names []string
	for _, f := range all {
		if !strings.Contains(f.name, ":") {
			names = append(names, f.name)
		}
	}
	return format{}, fmt.Errorf("must be %s or %s:PHASE", strings.Join(names, ", "), spectrum)
}

func phaseNames() (names []string) {
	for _, p := range stats.PhaseOrder() {
		names = append(names, p.String())
	}
	return names
}
