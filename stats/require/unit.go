package require

import (
	"strconv"
	"strings"
	"time"

	"wsperf/stats"
)

// unit is what the values of a measure are in, and how they are written in an expression.
type unit struct {
	symbol string // in the result
	want   string // what a value must be
	parse  func(text string) (limit float64, ok bool)
}

var (
	count   = unit{stats.UnitNone, "a number of 0 or more, such as 0, 250 or 10k", scaledNumber}
	rate    = unit{stats.UnitPerSecond, "a number per second of 0 or more, such as 250 or 10k", scaledNumber}
	percent = unit{stats.UnitPercent, "a percentage of 0 or more, such as 0.1 or 0.1%", percentage}
	size    = unit{stats.UnitBytes, "a number of bytes of 0 or more, such as 4096, 250k or 64M", scaledNumber}
	span    = unit{stats.UnitMicroseconds, "a time of 0 or more with its unit us, ms or s, such as 250us, 5ms or 1.5s", microseconds}
)

// number reads digits with at most one decimal point: no sign, no exponent, no "inf".
func number(text string) (float64, bool) {
	if text == "" || strings.Trim(text, "0123456789.") != "" {
		return 0, false
	}
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil
}

// scaledNumber reads a number with a suffix. It appends an exponent instead of multiplying,
// so that 1.1k is exactly 1100.
func scaledNumber(text string) (float64, bool) {
	for suffix, exponent := range map[string]string{"k": "e3", "M": "e6"} {
		if digits, found := strings.CutSuffix(text, suffix); found {
			if _, ok := number(digits); !ok {
				return 0, false
			}
			v, err := strconv.ParseFloat(digits+exponent, 64)
			return v, err == nil
		}
	}
	return number(text)
}

func percentage(text string) (float64, bool) { return number(strings.TrimSuffix(text, "%")) }

// microseconds reads a duration. Nanoseconds are refused: no value is measured in them.
func microseconds(text string) (float64, bool) {
	d, err := time.ParseDuration(text)
	if err != nil || strings.ContainsAny(text, "+-n") {
		return 0, false
	}
	return float64(d) / float64(time.Microsecond), true
}

// ascii writes the units that time.ParseDuration reads in ASCII: U+00B5 and U+03BC are both
// in use for micro.
func ascii(value string) string {
	return strings.NewReplacer("\u00b5", "u", "\u03bc", "u").Replace(value)
}
