package comparison

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// View is what there is to say of a load, for every format that people read.
type View struct {
	Title       string
	Conclusion  []string // sentences
	Differences Table    // in the measure that decides
	Medians     Table    // in the others
	Notes       []string // what weighs on the conclusion, and how to read it
}

// Table has a cell per column of Head in each row. Cells are printable ASCII.
type Table struct {
	Head []string
	Rows [][]string
	bar  int // column of the bars; 0: none
}

// left reports whether a column is aligned to the left, besides the first.
func (t Table) left(column int) bool { return t.bar > 0 && column == t.bar }

// Plain returns the table without the bars, which are drawn with characters.
func (t Table) Plain() Table {
	if t.bar == 0 {
		return t
	}
	plain := Table{Head: slices.Delete(slices.Clone(t.Head), t.bar, t.bar+1)}
	for _, row := range t.Rows {
		plain.Rows = append(plain.Rows, slices.Delete(slices.Clone(row), t.bar, t.bar+1))
	}
	return plain
}

// Views returns a view of each load, in their order.
func (s *Study) Views() (all []View) {
	for i := range s.Loads {
		all = append(all, s.View(i))
	}
	return all
}

// View returns what there is to say of a load.
func (s *Study) View(load int) View {
	l := &s.Loads[load]
	r := s.Rank(load, l.Measure)
	return View{
		Title:       fmt.Sprintf("Load %s: %s; %s", l.Name, l.Text, s.roundsText(s.made(load))),
		Conclusion:  s.conclusion(l, r),
		Differences: s.differences(l, r),
		Medians:     s.medians(load, r),
		Notes:       slices.Concat(s.Warnings, s.marked(load), s.reading(r)),
	}
}

// roundsText writes a number of rounds, or of runs without rounds.
func (s *Study) roundsText(n int) string {
	word := "round"
	if s.Unpaired {
		word = "run"
	}
	if n != 1 {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}

// made returns how many rounds have a run of the load; without rounds, how many runs there are.
func (s *Study) made(load int) int {
	runs, rounds := 0, map[int]bool{}
	for _, r := range s.Runs {
		if r.Load == load {
			runs++
			rounds[r.Round] = true
		}
	}
	if s.Unpaired {
		return runs
	}
	return len(rounds)
}

// differences is the table of the measure that decides.
func (s *Study) differences(l *Load, r *Ranking) Table {
	t := Table{Head: []string{"testee", l.Measure, "to " + s.reference(r), fmt.Sprintf("%v %% interval", round(100*s.Level)), "p", "least |--o--| most"}, bar: 5}
	scale := newScale(r.Rows, s.barWidth())
	for _, row := range r.Rows {
		name := s.Testees[row.Testee]
		if row.Rounds == 0 {
			t.Rows = append(t.Rows, []string{name, "no value", "", "", "", ""})
			continue
		}
		cells := []string{name, valueText(row.Median, unitOf(l.Measure)), "", "", "", scale.bar(row)}
		if p := row.Against; p != nil && p.Rounds > 0 {
			cells[2], cells[3], cells[4] = s.differenceText(p), rangeText(p), probabilityText(p.Adjusted)
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

// maxReference is how much of a name stands in the head of a column.
const maxReference = 10

// reference returns the beginning of the name of what the rows are compared with.
func (s *Study) reference(r *Ranking) string {
	if len(r.Rows) == 0 {
		return "-"
	}
	name := s.Testees[r.Reference()]
	return name[:min(len(name), maxReference)]
}

// barWidth returns how many characters are left for the bars.
func (s *Study) barWidth() int {
	const most, roomForName = 26, 16
	longest := 0
	for _, name := range s.Testees {
		longest = max(longest, len(name))
	}
	return most - max(0, longest-roomForName)
}

// round removes the error of a product such as 100*0.95.
func round(v float64) float64 { return math.Round(v*1e6) / 1e6 }

// differenceText writes the difference of a pair, or "~" if there is none.
func (s *Study) differenceText(p *Pair) string {
	if !p.Differ(s.Level) {
		return "~"
	}
	return percentText(p.Ratio)
}

// medians is the table of the other measures: the median over the rounds, and the difference to
// the reference if there is one.
func (s *Study) medians(load int, decisive *Ranking) Table {
	t := Table{Head: []string{"testee"}}
	for _, row := range decisive.Rows {
		t.Rows = append(t.Rows, []string{s.Testees[row.Testee]})
	}
	for _, name := range s.Loads[load].Measures() {
		if name == s.Loads[load].Measure {
			continue
		}
		q := s.question(name)
		r := Rank(s.Values(load, name), q.against(decisive.Reference()))
		t.Head = append(t.Head, name)
		for i, row := range decisive.Rows {
			t.Rows[i] = append(t.Rows[i], s.medianText(r.row(row.Testee), name))
		}
	}
	return t
}

// against returns the question with another baseline.
func (q Question) against(baseline int) Question {
	q.Baseline = baseline
	return q
}

func (r *Ranking) row(testee int) *Row {
	for i := range r.Rows {
		if r.Rows[i].Testee == testee {
			return &r.Rows[i]
		}
	}
	return &Row{}
}

func (s *Study) medianText(row *Row, measure string) string {
	switch {
	case row.Rounds == 0:
		return "-"
	case measure == "fail": // the median would hide a round in which some failed
		return valueText(row.Most, unitOf(measure))
	}
	text := valueText(row.Median, unitOf(measure))
	if p := row.Against; p != nil && p.Differ(s.Level) {
		return text + " " + strings.ReplaceAll(percentText(p.Ratio), " ", "")
	}
	return text
}

// scale places values of all testees on a line.
type scale struct {
	least, most float64
	width       int // of the line, in characters
}

func newScale(rows []Row, width int) scale {
	sc := scale{math.Inf(1), math.Inf(-1), width}
	for _, row := range rows {
		if row.Rounds > 0 {
			sc.least, sc.most = min(sc.least, row.Least), max(sc.most, row.Most)
		}
	}
	return sc
}

// bar draws from the least to the most value of a testee, with its median.
func (sc scale) bar(row Row) string {
	line := []byte(strings.Repeat(" ", sc.width))
	for at := sc.at(row.Least); at <= sc.at(row.Most); at++ {
		line[at] = '-'
	}
	line[sc.at(row.Least)], line[sc.at(row.Most)] = '|', '|'
	line[sc.at(row.Median)] = 'o'
	return strings.TrimRight(string(line), " ")
}

func (sc scale) at(v float64) int {
	if sc.most <= sc.least {
		return 0
	}
	return min(sc.width-1, int((v-sc.least)/(sc.most-sc.least)*float64(sc.width)))
}
