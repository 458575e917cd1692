package search

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// outcomes are the letters of a script.
var outcomes = map[rune]Outcome{'+': Met, '-': Missed, 'c': Limited}

// follow lets the plan make steps with scripted outcomes, and returns their rates.
func follow(p Plan, script string) (all Tallies, rates []float64) {
	for _, letter := range script {
		rate, ok := p.Next(all)
		if !ok {
			return all, append(rates, -1) // a step too many in the script
		}
		rates = append(rates, rate)
		all.Add(rate, outcomes[letter])
	}
	if rate, ok := p.Next(all); ok {
		rates = append(rates, rate)
	}
	return all, rates
}

// TestNext lists the rates for outcomes: + met, - missed, c the client's limit. If there is one
// rate more than outcomes, the search goes on with it.
func TestNext(t *testing.T) {
	wide, half := Plan{100, 1e6, 0.5}, Plan{100, 700, 0.05}
	for _, c := range []struct {
		name, script string
		plan         Plan
		rates        []float64
	}{
		{"begins", "", wide, []float64{100}},
		{"doubles", "++", wide, []float64{100, 200, 400}},
		{"confirms both ends, and halves", "++-", wide, []float64{100, 200, 400, 400}},
		{"", "++--", wide, []float64{100, 200, 400, 400, 200}},
		{"", "++--+", wide, []float64{100, 200, 400, 400, 200, 282.8}},
		{"ends", "++--+++", wide, []float64{100, 200, 400, 400, 200, 282.8, 282.8}},
		{"", "++--+--", wide, []float64{100, 200, 400, 400, 200, 282.8, 282.8}},
		{"by chance missed", "+-++", wide, []float64{100, 200, 200, 200, 400}},
		{"tie", "+-+-+-", wide, []float64{100, 200, 200, 200, 200, 200, 100}},
		{"three of five", "+-+-++", wide, []float64{100, 200, 200, 200, 200, 200, 400}},
		{"by chance met", "++----", wide, []float64{100, 200, 400, 400, 200, 200, 200}},
		{"low end refused", "++-----", wide, []float64{100, 200, 400, 400, 200, 200, 200, 100}},
		{"halves", "--+", wide, []float64{100, 50, 25, 50}},
		{"the end of the search", "++++", half, []float64{100, 200, 400, 700, 700}},
		{"", "+++++", half, []float64{100, 200, 400, 700, 700}},
		{"lowest", "------- -", Plan{40, 40, 0.5}, []float64{40, 20, 10, 5, 2.5, 1.25, 1, 1}},
		{"only one rate", "++", Plan{1, 1, 0.5}, []float64{1, 1}},
		{"the client's limit", "+cc", wide, []float64{100, 200, 200, 100}},
		{"once is no limit", "+c+", wide, []float64{100, 200, 200, 400}},
		{"limit after chance", "+-c-", wide, []float64{100, 200, 200, 200, 100}},
		{"a limit at once", "cc", wide, []float64{100, 100, 50}},
	} {
		if _, rates := follow(c.plan, strings.ReplaceAll(c.script, " ", "")); !slices.Equal(rates, c.rates) {
			t.Errorf("%s %s: rates %v, want %v", c.name, c.script, rates, c.rates)
		}
	}
}

func TestBracket(t *testing.T) {
	p := Plan{100, 1e6, 0.5}
	for script, want := range map[string][2]*Tally{
		"":        {},
		"+":       {{100, 1, 0, 0}, nil},
		"-":       {nil, {100, 0, 1, 0}},
		"c":       {},
		"cc":      {nil, {100, 0, 0, 2}},
		"++--+++": {{282.8, 2, 0, 0}, {400, 0, 2, 0}},
		"+-+":     {{100, 1, 0, 0}, nil},
		"++-----": {{100, 1, 0, 0}, {200, 1, 3, 0}},
	} {
		all, _ := follow(p, script)
		if b := all.Bracket(); !equal(b.Low, want[0]) || !equal(b.High, want[1]) {
			t.Errorf("%s: %+v and %+v, want %+v", script, b.Low, b.High, want)
		}
	}
}

func equal(a, b *Tally) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

// simulated is a testee with a capacity. Near it, a step can go wrong by chance.
type simulated struct {
	*rand.Rand
	capacity float64
	wrong    float64 // share of the steps with the wrong outcome
	near     float64 // factor from the capacity within which there are such steps
}

// undecided is the part of the capacity within which the testee meets a requirement in
// half of the steps.
const undecided = 0.01

func (s *simulated) step(rate float64) Outcome {
	off, met := math.Abs(math.Log(rate/s.capacity)), rate <= s.capacity
	switch {
	case off < undecided:
		met = s.Float64() < 0.5
	case off < math.Log(s.near) && s.Float64() < s.wrong:
		met = !met
	}
	if met {
		return Met
	}
	return Missed
}

// find returns the answer, and how many steps it took.
func (s *simulated) find(p Plan) (b Bracket, steps int) {
	var all Tallies
	for rate, ok := p.Next(all); ok && steps <= p.MaxSteps(); rate, ok = p.Next(all) {
		all.Add(rate, s.step(rate))
		steps++
	}
	return all.Bracket(), steps
}

// TestSimulations: the interval has the capacity in it and is no wider than the precision, in
// 95 of 100 searches at least, although one of 20 steps near the edge goes wrong.
func TestSimulations(t *testing.T) {
	for _, c := range []struct {
		name        string
		wrong, near float64
		least       int // good searches of 2000
	}{{"exact", 0, 1, 2000}, {"noisy near the edge", 0.05, 2, 1900}, {"noisy within a factor of 8", 0.05, 8, 1900}} {
		random := rand.New(rand.NewPCG(1, 2))
		good, steps := 0, 0
		for range 2000 {
			p := Plan{From: 100, To: 1e7, Precision: 0.01 + 0.09*random.Float64()}
			s := simulated{random, 2 * math.Pow(5e4, random.Float64()), c.wrong, c.near} // up to 100000/s
			b, n := s.find(p)
			if n > p.MaxSteps() {
				t.Fatalf("%s: %d steps, at most %d are possible", c.name, n, p.MaxSteps())
			}
			if holds(b, s.capacity, p.Precision) {
				good++
			}
			steps += n
		}
		t.Logf("%s: %d of 2000 are right, in %.1f steps on average", c.name, good, float64(steps)/2000)
		if good < c.least {
			t.Errorf("%s: %d of 2000 searches are right, want %d", c.name, good, c.least)
		}
	}
}

func holds(b Bracket, capacity, precision float64) bool {
	return b.Low != nil && b.High != nil && b.High.Rate <= b.Low.Rate*(1+precision) &&
		b.Low.Rate <= capacity*(1+2*undecided) && b.High.Rate >= capacity/(1+2*undecided)
}

// TestMaxSteps lets outcomes come at random, which makes searches longer than any testee. The
// ends of each answer have the steps that they need.
func TestMaxSteps(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	longest := 0.0
	for range 20000 {
		from := 1 + 200*random.Float64()
		p := Plan{from, from * (1 + 1000*random.Float64()), 0.01 + 0.49*random.Float64()}
		good := random.Float64()
		var all Tallies
		steps := 0
		for rate, ok := p.Next(all); ok; rate, ok = p.Next(all) {
			if steps++; steps > p.MaxSteps() {
				t.Fatalf("%+v: more than %d steps: %+v", p, p.MaxSteps(), all)
			}
			if rate < Lowest || rate > p.To {
				t.Fatalf("%+v: rate %v", p, rate)
			}
			all.Add(rate, anyOutcome(random, good))
		}
		checkEnds(t, all.Bracket())
		longest = max(longest, float64(steps)/float64(p.MaxSteps()))
	}
	t.Logf("the longest search has %.0f %% of the steps that are possible", 100*longest)
}

func anyOutcome(random *rand.Rand, good float64) Outcome {
	switch {
	case random.Float64() < good:
		return Met
	case random.Float64() < 0.2:
		return Limited
	}
	return Missed
}

// TestMaxStepsByDefault has the number that the help of search states.
func TestMaxStepsByDefault(t *testing.T) {
	o := Default()
	o.URL, o.Requirements = "ws://127.0.0.1/", requirements(t, "fail == 0")
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.plan.MaxSteps(); got != 180 {
		t.Errorf("%d steps", got)
	}
}

func checkEnds(t *testing.T, b Bracket) {
	t.Helper()
	if b.Low == nil && b.High == nil {
		t.Error("an answer without an end")
	}
	if b.Low != nil && (b.Low.Met < 2 || b.Low.Met <= b.Low.Missed) {
		t.Errorf("low end %+v", *b.Low)
	}
	if b.High != nil && !b.High.ByClient() && (b.High.Missed < 2 || b.High.Missed <= b.High.Met) {
		t.Errorf("high end %+v", *b.High)
	}
}

func TestMiddle(t *testing.T) {
	for _, c := range []struct{ low, high, want float64 }{
		{2000, 4000, 2828}, {1, 2, 1.414}, {100, 101, 100.5}, {20000, 40000, 28280}, {1, 1.01, 1.005}, {9.99, 10.1, 10.04},
	} {
		if got := middle(c.low, c.high); got != c.want {
			t.Errorf("%v and %v: %v, want %v", c.low, c.high, got, c.want)
		}
	}
}
