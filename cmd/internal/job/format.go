package job

import (
	"fmt"

	"wsperf/stats/report"
)

// FormatUsage describes --format, which run, drive and report have.
const FormatUsage = "print the result as `FORMAT`: text, json, csv, hgrm, hgrm:PHASE, hlog, bench or prom (default text)"

// Format is a pflag.Value: the name of a format of package report.
type Format struct{ To *string }

// String returns an empty string, because the help says what the default is.
func (f Format) String() string { return "" }

// Type returns the flag library's word for the type.
func (f Format) Type() string { return "format" }

// Set checks that there is such a format.
func (f Format) Set(name string) error {
	if err := report.CheckFormat(name); err != nil {
		return BadValue{err}
	}
	*f.To = name
	return nil
}

// FormatOf returns the format that --json and --format ask for together; given is the value of
// --format, empty if it was not given. --json is the short form of --format json.
func FormatOf(json bool, given string) string {
	switch {
	case json:
		return report.FormatJSON
	case given == "":
		return report.FormatText
	}
	return given
}

// CheckFormats returns an error if --json and --format ask for two formats.
func CheckFormats(json bool, given string) error {
	if json && given != "" && given != report.FormatJSON {
		return fmt.Errorf("--json and --format %s: must be one of them", given)
	}
	return nil
}

// Shown returns the format in which the result goes to standard output.
func (o *Options) Shown() string { return FormatOf(o.JSON, o.Format) }
