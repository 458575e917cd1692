package stats

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Limits of the findings of a result.
const (
	MaxFindings        = 100
	MaxExpressionBytes = 200
	maxUnitBytes       = 16
)

// Units of Finding.Found. A count has none, UnitNone.
const (
	UnitNone         = ""
	UnitPercent      = "%"
	UnitPerSecond    = "/s"
	UnitMicroseconds = "us"
	UnitBytes        = "B"
)

// Finding is a requirement that was compared with a result (package require). The JSON keys
// are those of the result file. Result.Check bounds the texts, because a file can hold any.
type Finding struct {
	Expression string   `json:"expression"`     // such as "open.q99 < 5ms", printable ASCII
	Found      *float64 `json:"found"`          // in Unit; nil: the result has no value
	Unit       string   `json:"unit"`           // one of the above; later versions may add some
	Text       string   `json:"text,omitempty"` // what was found, if that is no number
	Met        bool     `json:"met"`
}

// FoundText returns the value for people, with 6 significant digits: a time in the unit that
// suits it, or its text. Without a value it returns "no value".
func (f Finding) FoundText() string {
	switch {
	case f.Text != "":
		return f.Text
	case f.Found == nil:
		return "no value"
	}
	found, unit := Scaled(*f.Found, f.Unit)
	return strings.TrimSpace(decimal(found) + " " + unit)
}

// Scaled returns a value in the unit that suits it.
func Scaled(v float64, unit string) (float64, string) {
	switch {
	case unit == UnitMicroseconds && v >= 1e6:
		return v / 1e6, "s"
	case unit == UnitMicroseconds && v >= 1e3:
		return v / 1e3, "ms"
	case unit == UnitBytes && v >= 1e6:
		return v / 1e6, "MB"
	case unit == UnitBytes && v >= 1e3:
		return v / 1e3, "kB"
	}
	return v, unit
}

// decimal writes whole numbers in full, others with 6 significant digits, neither with an
// exponent.
func decimal(v float64) string {
	if v == math.Trunc(v) {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	const digits = 6
	places := max(0, digits-1-int(math.Floor(math.Log10(math.Abs(v)))))
	text := strconv.FormatFloat(v, 'f', places, 64)
	if !strings.Contains(text, ".") {
		return text
	}
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}

func (r *Result) checkFindings() error {
	if n := len(r.Findings); n > MaxFindings {
		return fmt.Errorf("%d requirements, at most %d are allowed", n, MaxFindings)
	}
	for i, f := range r.Findings {
		if f.Expression == "" || !printableASCII(f.Expression, MaxExpressionBytes) || !printableASCII(f.Unit, maxUnitBytes) {
			return fmt.Errorf("requirement %d: expression and unit must be printable ASCII of at most %d and %d characters", i, MaxExpressionBytes, maxUnitBytes)
		}
		if !printableASCII(f.Text, MaxExpressionBytes) {
			return fmt.Errorf("requirement %d: text must be printable ASCII of at most %d characters", i, MaxExpressionBytes)
		}
		if f.Met && f.Found == nil && f.Text == "" {
			return fmt.Errorf("requirement %d is met without a value", i)
		}
	}
	return nil
}

func printableASCII(text string, most int) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return len(text) <= most
}
