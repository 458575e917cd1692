package drive

import (
	"errors"
	"fmt"
	"strings"

	"wsperf/cmd/internal/measure"
	"wsperf/cmd/internal/ui"
	"wsperf/stats"
	"wsperf/stats/file"
	"wsperf/stats/page"
	"wsperf/stats/report"
)

// results are the result files that are reported together, and the workers without one.
type results struct {
	files            []string
	workers          int      // of this run; 0: the files are of an earlier one
	planned, missing int64    // connections; 0: a duration ends the run
	lost             []string // workers without a file, and why
}

// load merges all files. The workers of this run share the machine, so their sum is compared
// with what that can do.
func (r *results) load(loading func(path string)) (*stats.Result, []error) {
	merged, bad := file.LoadAll(r.files, loading)
	if merged != nil && r.workers > 0 {
		merged.Calibration = measure.Calibrated(merged)
	}
	return merged, bad
}

// analyze merges all files, compares the requirements with their sum and prints the
// report. A file that cannot be read does not keep the others from being reported.
func (d *Driver) analyze(u *ui.UI, r *results) error {
	if d.options.Shown() == report.FormatText {
		return d.writeText(u, r)
	}
	return d.writeResult(u, r)
}

// writeResult writes nothing but the merged result, in its format.
func (d *Driver) writeResult(u *ui.UI, r *results) error {
	merged, bad := r.load(nil)
	if merged == nil {
		return errors.Join(bad...)
	}
	unmet := measure.Require(d.options.Requirements, merged)
	return errors.Join(append(bad, report.WriteAs(d.options.Shown(), u.Out, merged), d.savePage(merged), unmet)...)
}

// writeText prints the lines of the ancestor's driver around the report.
func (d *Driver) writeText(u *ui.UI, r *results) error {
	merged, bad := r.load(func(path string) {
		fmt.Fprintf(u.Out, "Loading wsperf result file %s ..\n", path)
	})
	if merged == nil {
		return errors.Join(bad...)
	}
	unmet := measure.Require(d.options.Requirements, merged)
	fmt.Fprintln(u.Out)
	r.writeMissing(u, bad)
	// u.Out keeps a write error; ui.Finish reports it.
	if err := report.Text(u.Out, merged); err != nil {
		return errors.Join(append(bad, err, unmet)...)
	}
	fmt.Fprint(u.Out, "\n\nAnalyze done.\n")
	return errors.Join(append(bad, d.savePage(merged), unmet)...)
}

// savePage writes the page, if there is to be one.
func (d *Driver) savePage(merged *stats.Result) error {
	return d.page.Save(page.Single(merged), func(func()) {})
}

// writeMissing says above the report what its numbers do not contain.
func (r *results) writeMissing(u *ui.UI, bad []error) {
	if len(r.lost) > 0 {
		fmt.Fprintf(u.Out, "Not run: %s (%s)\n", r.notRun(), strings.Join(r.lost, "; "))
	}
	for _, err := range bad {
		fmt.Fprintf(u.Out, "%s: %s\n", howMissing(err), ui.OneLine(err.Error()))
	}
	if len(r.lost)+len(bad) > 0 {
		fmt.Fprintln(u.Out)
	}
}

// notRun counts what lost workers would have done: connections, or if a duration
// was to end the run, the workers themselves.
func (r *results) notRun() string {
	if r.planned == 0 {
		return fmt.Sprintf("%d of %d workers", len(r.lost), r.workers)
	}
	return fmt.Sprintf("%d of %d", r.missing, r.planned)
}

// howMissing says whether all of a file is missing from the report, or a part.
func howMissing(err error) string {
	var bad *file.FileError
	if errors.As(err, &bad) && bad.Kept {
		return "In part"
	}
	return "Missing"
}
