package report

import (
	"fmt"
	"strings"

	"wsperf/stats"
)

// The sentence about differences takes one or two lines.
const (
	maxDifferencesShown = 6
	maxValuesShown      = 3
	maxValueShown       = 48 // characters
)

// differences says that the merged results were not measured with the same means.
func differences(r *stats.Result) (s Section) {
	if len(r.Differences) == 0 {
		return s
	}
	var parts []string
	for _, d := range r.Differences[:min(len(r.Differences), maxDifferencesShown)] {
		parts = append(parts, fmt.Sprintf("%s (%s)", shortened(d.Name), valueList(d.Values)))
	}
	text := "The runs differ in: " + strings.Join(parts, ", ")
	if rest := len(r.Differences) - len(parts); rest > 0 {
		text += fmt.Sprintf(", and in %d more (--json)", rest)
	}
	s.Parts = append(s.Parts, Sentence(text+"."))
	return s
}

func valueList(values []string) string {
	var parts []string
	for _, v := range values[:min(len(values), maxValuesShown)] {
		parts = append(parts, shortened(v))
	}
	if len(parts) < len(values) {
		parts = append(parts, "...")
	}
	return strings.Join(parts, ", ")
}

// shortened is escaped and not too long for a line.
func shortened(text string) string {
	text = Escaped(text)
	if len(text) > maxValueShown {
		return text[:maxValueShown] + "..."
	}
	return text
}
