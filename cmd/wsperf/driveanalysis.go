package main

import (
	"errors"
	"fmt"
	"strings"

	"wsperf/stats/file"
	"wsperf/stats/report"
)

// harvest is the result files that are to be reported together, and what is known to be missing.
type harvest struct {
	files           []string
	planned, notRun int64    // connections
	lost            []string // whose connections were not run, and why
}

// analyze prints the report over all files, between the lines that the
// ancestor's driver prints. A file that cannot be read does not keep the others from being reported.
func (h *harvest) analyze(u *ui) error {
	merged, bad := file.LoadAll(h.files, func(path string) {
		fmt.Fprintf(u.out, "Loading wsperf result file %s ..\n", path)
	})
	if merged == nil {
		return errors.Join(bad...)
	}
	fmt.Fprintln(u.out)
	h.writeMissing(u, bad)
	// A failure to write stays with u.out, which reports it at the end.
	if err := report.Text(u.out, merged); err != nil {
		return errors.Join(append(bad, err)...)
	}
	fmt.Fprint(u.out, "\n\nAnalyze done.\n")
	return errors.Join(bad...)
}

// writeMissing says above the block what its numbers do not contain.
func (h *harvest) writeMissing(u *ui, bad []error) {
	if len(h.lost) > 0 {
		fmt.Fprintf(u.out, "Not run: %d of %d (%s)\n", h.notRun, h.planned, strings.Join(h.lost, "; "))
	}
	for _, err := range bad {
		fmt.Fprintf(u.out, "%s: %s\n", howMissing(err), oneLine(err.Error()))
	}
	if len(h.lost)+len(bad) > 0 {
		fmt.Fprintln(u.out)
	}
}

// howMissing is the word for what of a file is not in the report.
func howMissing(err error) string {
	var bad *file.FileError
	if errors.As(err, &bad) && bad.Kept {
		return "In part"
	}
	return "Missing"
}
