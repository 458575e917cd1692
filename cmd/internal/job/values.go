package job

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// BadValue is the error of an option's value. It says what would be right, and what is
// wrong if that is not obvious.
type BadValue struct{ Err error }

func (b BadValue) Error() string { return b.Err.Error() }
func (b BadValue) Unwrap() error { return b.Err }

func badValue(format string, args ...any) error { return BadValue{fmt.Errorf(format, args...)} }

// The following types implement pflag.Value. Set checks the value, and the errors
// are BadValues. String is the default in the help; an empty one is not shown.

// Number is a whole number of Least to Most.
type Number[T int | int64] struct {
	To          *T
	Least, Most T
}

// String returns an empty string for a number out of range: it stands for something else.
func (n Number[T]) String() string {
	if n.To == nil || *n.To < n.Least {
		return ""
	}
	return strconv.FormatInt(int64(*n.To), 10)
}

// Type returns the flag library's word for the type.
func (n Number[T]) Type() string { return "int" }

// Set reads a number, in any base that Go has a prefix for.
func (n Number[T]) Set(text string) error {
	v, err := strconv.ParseInt(text, 0, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return badValue("the number is too large")
	case err != nil:
		return badValue("must be a whole number")
	case v < int64(n.Least) || v > int64(n.Most):
		return badValue("%s", n.want())
	}
	*n.To = T(v)
	return nil
}

func (n Number[T]) want() string {
	if int64(n.Most) >= math.MaxInt32 {
		return fmt.Sprintf("must be %d or more", n.Least)
	}
	return fmt.Sprintf("must be %d to %d", n.Least, n.Most)
}

// closeCode is the status code of a close frame.
type closeCode struct{ to *int }

func (c closeCode) number(to *int) Number[int] { return Number[int]{to, math.MinInt, math.MaxInt} }

func (c closeCode) String() string { return c.number(c.to).String() }
func (c closeCode) Type() string   { return "int" }

func (c closeCode) Set(value string) error {
	n := 0
	if err := c.number(&n).Set(value); err != nil {
		return err
	}
	if !validCloseCode(n) {
		return badValue("must be %s", closeCodes)
	}
	*c.to = n
	return nil
}

// span is a time above 0, kept in microseconds. It is rounded up, so that it
// stays above 0.
type span struct {
	toUs *int64
	most time.Duration // 0: any
}

func (s span) String() string {
	if s.toUs == nil || *s.toUs == 0 {
		return ""
	}
	return microseconds(*s.toUs).String()
}

func (s span) Type() string { return "duration" }

func (s span) Set(text string) error {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return badValue("must be a time with its unit, such as 500ms, 30s or 2m")
	case s.most > 0 && (d <= 0 || d > s.most):
		return badValue("must be above 0 and at most %v", s.most)
	case d <= 0:
		return badValue("must be above 0")
	}
	*s.toUs = d.Microseconds()
	if d%time.Microsecond > 0 {
		*s.toUs++
	}
	return nil
}

// Time is a time of Least to Most, both in whole microseconds.
type Time struct {
	ToUs        *int64
	Least, Most time.Duration
}

func (t Time) String() string {
	if t.Least == 0 && t.ToUs != nil {
		return microseconds(*t.ToUs).String()
	}
	return span{t.ToUs, t.Most}.String()
}

// Type returns the flag library's word for the type.
func (t Time) Type() string { return "duration" }

// Set reads a time with its unit. Only if Least is 0, it can be 0.
func (t Time) Set(text string) error {
	us := int64(0)
	if d, err := time.ParseDuration(text); err != nil || d != 0 {
		if err := (span{&us, 0}).Set(text); err != nil {
			return err
		}
	}
	if d := microseconds(us); d < t.Least || d > t.Most {
		return badValue("must be %v to %v", t.Least, t.Most)
	}
	*t.ToUs = us
	return nil
}

// Percent is a number of Least to Most, with or without "%".
type Percent struct {
	To          *float64
	Least, Most float64
}

func (p Percent) String() string {
	if p.To == nil {
		return ""
	}
	return strconv.FormatFloat(*p.To, 'f', -1, 64) + "%"
}

// Type returns the flag library's word for the type.
func (p Percent) Type() string { return "percent" }

// Set reads a number.
func (p Percent) Set(text string) error {
	v, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil || !(v >= p.Least && v <= p.Most) {
		return badValue("must be %v%% to %v%%", p.Least, p.Most)
	}
	*p.To = v
	return nil
}

func microseconds(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

// text is a string.
type text struct {
	to    *string
	empty string // the error of an empty string; empty: none
}

func (t text) String() string {
	if t.to == nil {
		return ""
	}
	return *t.to
}

func (t text) Type() string { return "string" }

func (t text) Set(value string) error {
	if value == "" && t.empty != "" {
		return badValue("%s", t.empty)
	}
	*t.to = value
	return nil
}

// pageName is the name of a page. Standard output has the report.
type pageName struct{ text }

func (p pageName) Set(value string) error {
	if value == StandardOutput {
		return badValue("the report goes to standard output: must be a file that can be written")
	}
	return p.text.Set(value)
}

// texts is a list of strings, one for each time that the option is given.
type texts struct {
	to    *[]string
	check func(string) error
}

// anyText accepts strings that are checked elsewhere.
func anyText(string) error { return nil }

func (t texts) String() string { return "" }
func (t texts) Type() string   { return "stringArray" }

func (t texts) Set(value string) error {
	if err := t.check(value); err != nil {
		return BadValue{err}
	}
	*t.to = append(*t.to, value)
	return nil
}

// list is a list of values in one string, which parse splits.
type list[T any] struct {
	to    *[]T
	parse func(string) ([]T, error)
	want  string
}

func (l list[T]) String() string { return "" }
func (l list[T]) Type() string   { return "string" }

func (l list[T]) Set(value string) error {
	if value == "" { // more likely an unset shell variable than intended
		return badValue("the list is empty: %s", l.want)
	}
	parsed, err := l.parse(value)
	if err != nil {
		return BadValue{err}
	}
	*l.to = parsed
	return nil
}

// toggle is on or off.
type toggle struct{ to *bool }

func (t toggle) String() string { return strconv.FormatBool(t.to != nil && *t.to) }
func (t toggle) Type() string   { return "bool" }

func (t toggle) Set(value string) error {
	on, err := strconv.ParseBool(strings.ToLower(value))
	if err != nil {
		return badValue("must be true or false, or left out")
	}
	*t.to = on
	return nil
}
