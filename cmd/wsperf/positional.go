package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/ui"
	"wsperf/engine"
)

const positionalForm = "wsperf URL THREADS CONNECTIONS LOW HIGH [RESULTFILE]"

// positionalVerb is the call of wsperf's ancestor. With RESULTFILE, the result goes
// to that file and the report to standard output. Without it, the result goes to
// standard output as JSON. Either result has a record per connection.
func positionalVerb(u *ui.UI) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			writeHelp(u.Out, c)
			return nil
		}
		if !looksPositional(args) {
			return unknownCommand(c, args[0])
		}
		o, err := positionalOptions(args)
		if err != nil {
			return asUsage(c, err)
		}
		return runJob(c, u, o)
	}
}

// looksPositional tells a URL, even a wrong one, from a mistyped verb.
func looksPositional(args []string) bool {
	return len(args) >= 5 || strings.ContainsAny(args[0], ":/.")
}

func positionalOptions(args []string) (job.Options, error) {
	if err := checkForm(args); err != nil {
		return job.Options{}, err
	}
	o := job.Default()
	o.URL, o.Log, o.JSON = args[0], true, len(args) == 5
	if len(args) == 6 {
		o.Out = args[5]
	}
	var err error
	number := func(i int, name string, least, most int64) (n int64) {
		if err == nil {
			n, err = parseNumber(name, args[i], least, most)
		}
		return n
	}
	o.Loops = int(number(1, "THREADS", 0, engine.MaxLoops))
	o.Connections = number(2, "CONNECTIONS", 1, math.MaxInt64)
	o.Low = int(number(3, "LOW", 1, math.MaxInt32))
	o.High = int(number(4, "HIGH", 1, math.MaxInt32))
	if err == nil && o.Low > o.High {
		err = fmt.Errorf("LOW %d is above HIGH %d: must be at most that", o.Low, o.High)
	}
	return o, err
}

func checkForm(args []string) error {
	for i, a := range args {
		if strings.HasPrefix(a, "-") && (i == 5 || !isNumber(a)) {
			return fmt.Errorf("%q: the call without a verb takes no options: %s", a, positionalForm)
		}
	}
	switch {
	case len(args) == 1:
		return fmt.Errorf("a URL alone: must be wsperf run URL, or %s", positionalForm)
	case len(args) < 5:
		return fmt.Errorf("%d arguments: must be 5 or 6: %s", len(args), positionalForm)
	case len(args) > 6:
		return fmt.Errorf("unexpected argument %q: must be 5 or 6: %s", job.Mask(args[6]), positionalForm)
	case len(args) == 6 && args[5] == "":
		return fmt.Errorf("RESULTFILE is empty: must be a file that can be written, or left out")
	}
	return nil
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// parseNumber reads a whole number from least to most.
func parseNumber(name, s string, least, most int64) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err != nil && !isNumber(s):
		return 0, fmt.Errorf("%s %q: must be a whole number", name, s)
	case n > most || err != nil && n == math.MaxInt64: // out of range, ParseInt returns the nearest value
		return 0, fmt.Errorf("%s %s: must be at most %d", name, s, most)
	case err != nil || n < least:
		return 0, fmt.Errorf("%s %s: must be a whole number, %d or more", name, s, least)
	}
	return n, nil
}
