package comparison

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Names of formats that callers treat apart.
const (
	FormatText = "text"
	FormatJSON = "json"
)

// format is a form in which a comparison is written.
type format struct {
	name  string
	write func(io.Writer, *Study) error
}

// formats is the table of formats. A new one is a row.
var formats = []format{
	{FormatText, Text},
	{FormatJSON, writeJSON},
	{"md", writeMarkdown},
	{"csv", writeCSV},
	{"bench", writeBenchmark},
}

// CheckFormat returns an error unless WriteAs knows the format. It is one line that names the
// formats there are.
func CheckFormat(name string) error {
	if slices.ContainsFunc(formats, func(f format) bool { return f.name == name }) {
		return nil
	}
	var all []string
	for _, f := range formats {
		all = append(all, f.name)
	}
	return fmt.Errorf("must be %s or %s", strings.Join(all[:len(all)-1], ", "), all[len(all)-1])
}

// WriteAs writes a comparison in the format of that name:
//
//   - text: for people (Text)
//   - json: the document, with what was found (Document)
//   - md: Markdown for a README
//   - csv: one tidy table, a row per value of a run
//   - bench: Go's benchmark format, a line per run, for benchstat
//
// The error is that of CheckFormat, or the first one of w.
func WriteAs(name string, w io.Writer, s *Study) error {
	for _, f := range formats {
		if f.name == name {
			return f.write(w, s)
		}
	}
	return CheckFormat(name)
}
