package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"wsperf/stats"
	"wsperf/stats/report"
)

const reportLong = `Report reads result files (see wsperf run --out), merges them if there are more than
one, and prints the report. "-" is standard input. If one of the files cannot be
read nothing is reported: a total with a part missing would be wrong.`

const reportExample = `  # the report of one run
  wsperf report result.json

  # one report for a run that was spread over machines
  wsperf report client1.json client2.json

  # their sum as one result file
  wsperf report --json client*.json > all.json`

func newReportCommand(u *ui) *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use:     "report FILE... [options]",
		Short:   "print the report of result files",
		Long:    reportLong,
		Example: reportExample,
		Args:    atLeastOneFile,
	}
	c.DisableFlagsInUseLine = true
	c.Flags().BoolVar(&asJSON, "json", false, "print the merged result as JSON instead of the report (default off)")
	c.RunE = func(_ *cobra.Command, args []string) error {
		merged, err := readResults(u.in, args)
		if err != nil {
			return err
		}
		if asJSON {
			return report.WriteJSON(u.out, merged)
		}
		return report.Text(u.out, merged)
	}
	return c
}

func atLeastOneFile(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usagef(c, "missing argument: report needs one result file or more")
	}
	return nil
}

// readResults reads and merges all files. Its error names every file that is bad.
func readResults(stdin io.Reader, paths []string) (*stats.Result, error) {
	var results []*stats.Result
	var bad []error
	for _, path := range paths {
		r, err := readResult(stdin, path)
		if err != nil {
			bad = append(bad, fmt.Errorf("result file %s: %w", path, bare(err)))
			continue
		}
		results = append(results, r)
	}
	if len(bad) > 0 {
		return nil, errors.Join(bad...)
	}
	if len(results) == 1 {
		return results[0], nil
	}
	return stats.MergeResults(results...)
}

func readResult(stdin io.Reader, path string) (*stats.Result, error) {
	if path == "-" {
		return report.ReadJSON(stdin)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return report.ReadJSON(f)
}
