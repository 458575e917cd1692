// Package require compares results with what a user requires of them, written as
// expressions such as "fail% < 0.1" or "open.q99 < 5ms".
package require

import (
	"errors"
	"fmt"
	"strings"

	"wsperf/stats"
)

// Valid is the expression without a comparison: the verdict must be one by which the result says
// something about the testee (stats.Verdict.Valid).
const Valid = "valid"

// Requirement is a parsed expression. The zero value is met by no result.
type Requirement struct {
	measure  string // a name that find knows
	operator string // one of operators; empty: Valid
	value    string // as it was written, in ASCII
	limit    float64
}

// operators are in an order in which none is a prefix of a later one.
var operators = []string{"<=", ">=", "==", "!=", "<", ">"}

const form = "must be MEASURE OP VALUE with an OP of < <= > >= == !=, such as 'fail% < 0.1', or valid"

// Parse reads an expression of the form MEASURE OP VALUE, or Valid. Spaces around OP are optional. The
// table in measure.go lists the measures. A value is
//
//   - for times a non-negative duration in us, ms or s, as time.ParseDuration reads it,
//   - for percent measures a non-negative decimal number, with or without "%",
//   - for counts and rates a non-negative decimal number, which may end in k (thousand) or
//     M (million).
//
// An error is one line that says what is wrong and what would be right.
func Parse(text string) (Requirement, error) {
	if len(text) > stats.MaxExpressionBytes {
		return Requirement{}, fmt.Errorf("too long: must have at most %d bytes", stats.MaxExpressionBytes)
	}
	if strings.TrimSpace(text) == Valid {
		return Requirement{measure: Valid}, nil
	}
	name, operator, value, err := split(text)
	if err != nil {
		return Requirement{}, err
	}
	if name == Valid {
		return Requirement{}, errors.New("valid is not compared with anything: write it alone")
	}
	m, err := find(name)
	if err != nil {
		return Requirement{}, err
	}
	value = ascii(value)
	limit, ok := m.unit.parse(value)
	if !ok {
		return Requirement{}, fmt.Errorf("value %q of %s: must be %s", value, name, m.unit.want)
	}
	r := Requirement{measure: name, operator: operator, value: value, limit: limit}
	if len(r.String()) > stats.MaxExpressionBytes { // String adds spaces
		return Requirement{}, fmt.Errorf("too long: must have at most %d bytes", stats.MaxExpressionBytes)
	}
	return r, nil
}

// split takes an expression apart at its operator.
func split(text string) (name, operator, value string, err error) {
	at := strings.IndexAny(text, "<>=!")
	switch {
	case strings.TrimSpace(text) == "":
		return "", "", "", errors.New("the requirement is empty: " + form)
	case at < 0:
		return "", "", "", errors.New("no comparison: " + form)
	}
	for _, o := range operators {
		if rest, found := strings.CutPrefix(text[at:], o); found {
			return strings.TrimSpace(text[:at]), o, strings.TrimSpace(rest), nil
		}
	}
	return "", "", "", fmt.Errorf("unknown comparison %q: %s", text[at:at+1], form)
}

// String returns the expression in printable ASCII, with a space on both sides of the
// operator. Parse reads it as the same requirement.
func (q Requirement) String() string {
	if q.measure == Valid {
		return Valid
	}
	return q.measure + " " + q.operator + " " + q.value
}

// Check compares the requirement with a result. If the result has no value of the measure,
// the requirement is not met, whatever its operator: a run in which no connection reached a
// phase says nothing of that phase.
//
// Times are compared in microseconds, as the histograms have them: with 3 significant digits.
// A quantile and the maximum are the highest value that the histogram cannot tell from the
// recorded one, so 5000 us are found as 5003 us. With fewer than 1/(1-q) values, a quantile
// is one of the largest values, if not the largest.
func (q Requirement) Check(r *stats.Result) stats.Finding {
	f := stats.Finding{Expression: q.String()}
	if q.measure == Valid {
		f.Text, f.Met = string(r.Verdict.Kind), r.Verdict.Valid()
		return f
	}
	m, err := find(q.measure)
	if err != nil {
		return f // the zero value
	}
	f.Unit = m.unit.symbol
	if found, ok := m.of(r); ok {
		f.Found, f.Met = &found, q.admits(found)
	}
	return f
}

func (q Requirement) admits(found float64) bool {
	switch q.operator {
	case "<":
		return found < q.limit
	case "<=":
		return found <= q.limit
	case ">":
		return found > q.limit
	case ">=":
		return found >= q.limit
	case "==":
		return found == q.limit
	case "!=":
		return found != q.limit
	}
	return false
}

// CheckAll compares all requirements with a result, in their order.
func CheckAll(all []Requirement, r *stats.Result) (findings []stats.Finding) {
	for _, q := range all {
		findings = append(findings, q.Check(r))
	}
	return findings
}
