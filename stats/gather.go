package stats

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
)

// Gather merges the parts of one run, and refuses what is none of them. The first part that comes
// says which run it is.
type Gather struct {
	of    int
	sum   Sum
	first *seenPart      // nil: none has come
	in    map[int]string // by part: the name of what has it
}

// seenPart is a result without its measurements, and its name.
type seenPart struct {
	name   string
	part   Part
	setup  Setup
	testee string
	parts  int // that have begun
}

// NewGather returns one for a run in that many parts, 1 to MaxParts.
func NewGather(of int) *Gather { return &Gather{of: of, in: make(map[int]string)} }

// Add merges a result of one or several parts. name is that of its file, for the errors. An error
// is in one line, and says why the result is not of the run; then it was left out.
func (g *Gather) Add(name string, r *Result) error {
	if err := g.refuse(r); err != nil {
		return err
	}
	seen := newSeenPart(name, r)
	if g.first != nil {
		if err := g.first.compare(seen); err != nil {
			return err
		}
	}
	if err := g.sum.Add(r); err != nil {
		return err
	}
	if g.first == nil {
		g.first = seen
	}
	for i := range r.Parts {
		g.in[r.Parts[i].Number] = name
	}
	return nil
}

// Result returns what the parts that have come are together. It fails if none has.
func (g *Gather) Result() (*Result, error) { return g.sum.Result() }

// refuse compares the parts of a result with each other, with the number of parts, and with those
// that have come.
func (g *Gather) refuse(r *Result) error {
	if len(r.Parts) == 0 {
		return errors.New("it is no part of a run (wsperf run --shard)")
	}
	for i := range r.Parts {
		p := &r.Parts[i]
		other, twice := g.in[p.Number]
		switch {
		case p.Of != g.of:
			return fmt.Errorf("it has part %d of %d, must be of %d", p.Number, p.Of, g.of)
		case twice:
			return fmt.Errorf("part %d is in %s already", p.Number, other)
		case i == 0:
		case p.RunID != r.Parts[i-1].RunID:
			return fmt.Errorf("it has parts of two runs: %s and %s", runName(r.Parts[i-1].RunID), runName(p.RunID))
		case p.Number == r.Parts[i-1].Number:
			return fmt.Errorf("part %d is in it twice", p.Number)
		}
	}
	return nil
}

func runName(id string) string { return cmp.Or(id, "one without a run ID") }

func newSeenPart(name string, r *Result) *seenPart {
	s := &seenPart{name: name, part: r.Parts[0], setup: r.Setup, testee: r.Provenance.Testee}
	for i := range r.Parts {
		if r.Parts[i].Begun {
			s.parts++
		}
	}
	s.parts = max(1, s.parts) // the setup of parts that did not begin is that of the first (Sum)
	return s
}

// compare refuses a part of another run.
func (s *seenPart) compare(o *seenPart) error {
	if s.part.RunID != o.part.RunID {
		return fmt.Errorf("its run is %s, that of %s is %s", runName(o.part.RunID), s.name, runName(s.part.RunID))
	}
	a, b := reflect.ValueOf(s.setup), reflect.ValueOf(o.setup)
	for i := range a.NumField() {
		field := a.Type().Field(i)
		if field.Name == "URL" && s.testee != "" && s.testee == o.testee {
			continue // each part has a built-in testee with a port of its own
		}
		if !alike(field, a.Field(i), b.Field(i), float64(s.parts), float64(o.parts)) {
			return fmt.Errorf("config.%s is %s, that of %s is %s", jsonName(field), valueText(b.Field(i)), s.name, valueText(a.Field(i)))
		}
	}
	return nil
}

// Values of the struct tag part of Setup: how the parts of a run may differ in a field. Without it
// they may not.
const (
	partOwn   = "own"   // each part has its own
	partShare = "share" // numbers of the whole run were divided evenly
)

// alike reports whether the values of a field are of the same run, given of how many parts each is
// the sum.
func alike(field reflect.StructField, a, b reflect.Value, partsOfA, partsOfB float64) bool {
	switch rule := field.Tag.Get("part"); {
	case rule == partOwn:
		return true
	case rule != partShare:
		return sameValue(a, b)
	case a.CanInt(): // a remainder is divided too
		return math.Abs(float64(a.Int())/partsOfA-float64(b.Int())/partsOfB) <= 1
	case a.CanFloat():
		return nearly(a.Float()/partsOfA, b.Float()/partsOfB)
	}
	return sameStages(a.Interface().([]Stage), b.Interface().([]Stage), partsOfA, partsOfB)
}

func sameStages(a, b []Stage, partsOfA, partsOfB float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].LengthUs != b[i].LengthUs || !nearly(a[i].From/partsOfA, b[i].From/partsOfB) || !nearly(a[i].To/partsOfA, b[i].To/partsOfB) {
			return false
		}
	}
	return true
}

// nearly allows for the rounding of divisions and sums.
func nearly(a, b float64) bool { return math.Abs(a-b) <= 1e-6*max(math.Abs(a), math.Abs(b)) }

func jsonName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}

// valueText is a value as JSON, short and printable.
func valueText(v reflect.Value) string {
	const most = 60
	text, err := json.Marshal(v.Interface())
	if err != nil {
		return "not known"
	}
	short := clipASCII(string(text))
	if len(short) > most {
		return short[:most] + "..."
	}
	return short
}
