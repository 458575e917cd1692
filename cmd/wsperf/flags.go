package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wsperf/cmd/internal/job"
)

// flagError rewrites an error of the flag library to say what is wrong and what would be right.
func flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		return unknownFlag(c, unknown)
	case errors.As(err, &missing):
		return usagef(c, "--%s: a value is missing: %s", missing.GetFlag().Name, wanted(missing.GetFlag()))
	case errors.As(err, &invalid):
		return invalidValue(c, invalid)
	}
	return asUsage(c, err)
}

func unknownFlag(c *cobra.Command, e *pflag.NotExistError) error {
	if e.GetSpecifiedShortnames() != "" {
		return usagef(c, "unknown option -%s: options are written with two dashes", e.GetSpecifiedShortnames())
	}
	if near := nearestFlag(c, e.GetSpecifiedName()); near != "" {
		return usagef(c, "unknown option --%s: did you mean --%s?", e.GetSpecifiedName(), near)
	}
	return usagef(c, "unknown option --%s", e.GetSpecifiedName())
}

func invalidValue(c *cobra.Command, e *pflag.InvalidValueError) error {
	var bad job.BadValue
	switch f := e.GetFlag(); {
	case errors.As(e, &bad):
		return usagef(c, "--%s%s: %v", f.Name, shown(e.GetValue()), bad)
	case errors.Is(e, strconv.ErrRange):
		return usagef(c, "--%s%s: the number is too large", f.Name, shown(e.GetValue()))
	default:
		return usagef(c, "--%s%s: %s", f.Name, shown(e.GetValue()), wanted(f))
	}
}

// shown writes a value for an error message: a number or a time as it is, other
// text in quotes, an empty value not at all.
func shown(value string) string {
	_, notTime := time.ParseDuration(value)
	switch {
	case value == "":
		return ""
	case isNumber(value) || notTime == nil:
		return " " + value
	}
	return fmt.Sprintf(" %q", job.Shortened(job.Mask(value)))
}

// wanted says what a flag takes, from the type of its value.
func wanted(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "int", "int64":
		return "must be a whole number"
	case "duration":
		return "must be a time with its unit, such as 500ms, 30s or 2m"
	case "bool":
		return "must be true or false, or left out"
	}
	name, _ := pflag.UnquoteUsage(f)
	return "must be followed by " + name
}

// nearestFlag returns the first flag that begins with name, as --lowmark does with
// --low, or else the one within two mistyped letters of it.
func nearestFlag(c *cobra.Command, name string) string {
	best, near := 3, ""
	c.Flags().VisitAll(func(f *pflag.Flag) {
		d := distance(name, f.Name)
		if len(name) > 1 && strings.HasPrefix(f.Name, name) {
			d = 0
		}
		if !f.Hidden && d < best {
			best, near = d, f.Name
		}
	})
	return near
}

// distance is the number of letters to insert, remove or replace to get from
// a to b (Levenshtein, "Binary codes capable of correcting deletions,
// insertions, and reversals", 1966).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
