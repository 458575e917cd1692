package report

import (
	"bufio"
	"fmt"
	"io"

	"wsperf/stats"
)

// spectrum is the name of the format for one phase. ":" and a phase can follow it.
const spectrum = "hgrm"

const (
	ticksPerHalfDistance = 5    // the default of HdrHistogram's outputPercentileDistribution
	usPerMs              = 1000 // HdrHistogram's plotter labels its axis with milliseconds
)

// writeSpectrum writes that of the phase whose times head the report.
func writeSpectrum(w io.Writer, r *stats.Result) error { return writeSpectrumOf(w, r, headPhase(r)) }

// spectra returns a format for each phase. HdrHistogram's plotter draws all lines of a file as
// one curve, so a file has one phase.
func spectra() (all []format) {
	for _, p := range stats.PhaseOrder() {
		all = append(all, format{spectrum + ":" + p.String(), func(w io.Writer, r *stats.Result) error {
			return writeSpectrumOf(w, r, p)
		}})
	}
	return all
}

// writeSpectrumOf writes the percentile spectrum of a phase's successes, or of the lateness of
// all starts, in milliseconds. HdrHistogram's plotFiles.html reads the lines that do not begin
// with "#" and have 4 fields; of those it skips the last one, whose 1/(1-Percentile) is "inf".
// If the phase has no value, only the comment is written.
func writeSpectrumOf(w io.Writer, r *stats.Result, p stats.Phase) error {
	out := bufio.NewWriter(w)
	h := subject(r, p)
	if h.TotalCount() == 0 {
		fmt.Fprintf(out, "# phase %v: no value\n", p)
		return out.Flush()
	}
	fmt.Fprintf(out, "# phase %v, values in ms\n", p)
	_, _ = h.PercentilesPrint(out, ticksPerHalfDistance, usPerMs) // bufio keeps the first error
	return out.Flush()
}
