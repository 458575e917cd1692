package comparison

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"wsperf/stats/require"
)

// Requirement is what one testee must be, compared with another one in the same measure. It is
// unmet only if the rounds exclude that it is met.
type Requirement struct {
	text    string
	a, b    int // A's measure by B's is compared with factor
	measure string
	less    bool
	factor  float64
}

// form is what ParseRequirement reads. It is not compiled when the program starts.
var form = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*([A-Za-z0-9_+-]+)\.(\S+?)\s*(<=|>=|<|>)\s*(?:([0-9.]+)\s*\*\s*)?([A-Za-z0-9_+-]+)\.(\S+?)\s*$`)
})

const wantRequirement = "must be NAME.MEASURE OP FACTOR*NAME.MEASURE with an OP of < <= > >=, such as 'new.rate >= 0.98*old.rate'"

// ParseRequirement reads a requirement between two of the testees.
func ParseRequirement(text string, testees []string) (r Requirement, err error) {
	parts := form().FindStringSubmatch(text)
	if parts == nil {
		return r, errors.New(wantRequirement)
	}
	r = Requirement{text: strings.Join(strings.Fields(text), " "), a: slices.Index(testees, parts[1]), b: slices.Index(testees, parts[5]), measure: parts[2], less: parts[3][0] == '<', factor: 1}
	if parts[4] != "" {
		r.factor, err = strconv.ParseFloat(parts[4], 64)
	}
	switch {
	case err != nil || !(r.factor > 0):
		return r, fmt.Errorf("factor %q: must be a number above 0, such as 0.98", parts[4])
	case r.a < 0:
		return r, fmt.Errorf("testee %s: must be one of %s", parts[1], strings.Join(testees, ", "))
	case r.b < 0:
		return r, fmt.Errorf("testee %s: must be one of %s", parts[5], strings.Join(testees, ", "))
	case r.a == r.b:
		return r, errors.New("a testee is compared with itself: must be two of them")
	case parts[2] != parts[6]:
		return r, fmt.Errorf("%s and %s: must be the same measure", parts[2], parts[6])
	}
	_, err = require.Find(r.measure)
	return r, err
}

func (r Requirement) String() string { return r.text }

// Measure is what the testees are compared in.
func (r Requirement) Measure() string { return r.measure }

// Unmet returns what was found under each load that does not meet the requirement. It is not met
// if the whole confidence interval is on the wrong side, or if nothing is known.
func (r Requirement) Unmet(s *Study) (all []string) {
	for i, l := range s.Loads {
		p := newPair(r.b, r.a, s.Values(i, r.measure), s.Level, s.question(r.measure))
		switch {
		case p.Rounds == 0:
			all = append(all, fmt.Sprintf("load %s: no round has both values", l.Name))
		case p.Bounded() && (r.less && p.Low > r.factor || !r.less && p.High < r.factor):
			all = append(all, fmt.Sprintf("load %s: found %.4g times (%.4g to %.4g)", l.Name, p.Ratio, p.Low, p.High))
		}
	}
	return all
}
