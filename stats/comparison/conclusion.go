package comparison

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// conclusion says which testees differ, in sentences that claim no more than the rounds tell.
func (s *Study) conclusion(l *Load, r *Ranking) []string {
	switch {
	case len(r.Rows) == 0 || r.Rows[0].Rounds == 0:
		return []string{"Nothing is known: no testee has a value of " + l.Measure + "."}
	case r.Rows[1].Rounds == 0:
		return []string{fmt.Sprintf("Nothing to compare: only %s has a value of %s.", s.Testees[r.Rows[0].Testee], l.Measure)}
	case s.Baseline != "":
		return s.againstBaseline(l, r)
	}
	return s.best(l, r)
}

// best says which testees are the best ones.
func (s *Study) best(l *Load, r *Ranking) []string {
	first := s.Testees[r.Rows[0].Testee]
	var equal []string
	var next *Pair // the nearest one that differs
	for _, row := range r.Rows[1:] {
		switch p := row.Against; {
		case p.Rounds == 0:
		case !p.Differ(s.Level):
			equal = append(equal, s.Testees[row.Testee])
		case next == nil:
			next = p
		}
	}
	switch {
	case next == nil:
		return []string{s.noDifference(l, append([]string{first}, equal...), r)}
	case len(equal) == 0:
		return []string{fmt.Sprintf("%s is best in %s: %s, the next one, has %s.", first, l.Measure, s.Testees[next.B], s.by(next))}
	}
	return []string{fmt.Sprintf("%s is first in %s, and cannot be told from %s; %s has %s.", first, l.Measure, list(equal), s.Testees[next.B], s.by(next))}
}

// by writes how a testee differs: "12.3 % less (11.0 to 13.4 %)".
func (s *Study) by(p *Pair) string {
	text := fmt.Sprintf("%.1f %%", 100*abs(p.Ratio-1))
	if p.Ratio < 1 {
		text += " less"
	} else {
		text += " more"
	}
	if p.Bounded() {
		text += fmt.Sprintf(" (%s)", rangeText(p))
	}
	return text
}

func abs(v float64) float64 { return max(v, -v) }

// noDifference says that testees cannot be told apart, and what could have been.
func (s *Study) noDifference(l *Load, equal []string, r *Ranking) string {
	_, alike := s.compared(r)
	return fmt.Sprintf("No difference in %s between %s: %s.", l.Measure, list(equal), s.power(alike, r))
}

// compared returns the pairs of the table that have rounds, and which of them do not differ.
func (s *Study) compared(r *Ranking) (all, alike []*Pair) {
	for _, row := range r.Rows {
		if p := row.Against; p != nil && p.Rounds > 0 {
			all = append(all, p)
			if !p.Differ(s.Level) {
				alike = append(alike, p)
			}
		}
	}
	return all, alike
}

// power says the smallest difference that the rounds can find in each of the pairs.
func (s *Study) power(pairs []*Pair, r *Ranking) string {
	rounds, smallest, blind := 0, 0.0, len(pairs) == 0
	for _, p := range pairs {
		rounds, smallest = max(rounds, p.Rounds), max(smallest, p.Smallest)
		blind = blind || p.Smallest == 0
	}
	if blind {
		return fmt.Sprintf("%s cannot tell any, it takes %d", s.theseRounds(rounds), s.question("").Least(len(r.Pairs)))
	}
	return fmt.Sprintf("the smallest that %s can tell is -%s or +%s", s.theseRounds(rounds), shareText(smallest/(1+smallest)), shareText(smallest))
}

func (s *Study) theseRounds(n int) string {
	switch text := s.roundsText(n); {
	case s.Unpaired && n == 1:
		return "one run of each"
	case s.Unpaired:
		return text + " of each"
	case n == 1:
		return "this one round"
	default:
		return "these " + text
	}
}

// againstBaseline says of each testee how it compares with the baseline.
func (s *Study) againstBaseline(l *Load, r *Ranking) (all []string) {
	var equal []string
	for _, row := range r.Rows {
		switch p := row.Against; {
		case p == nil || p.Rounds == 0:
		case p.Differ(s.Level):
			all = append(all, fmt.Sprintf("%s has %s in %s than %s.", s.Testees[p.B], s.by(p), l.Measure, s.Baseline))
		default:
			equal = append(equal, s.Testees[p.B])
		}
	}
	if len(equal) > 0 {
		all = append(all, s.noDifference(l, append([]string{s.Baseline}, equal...), r))
	}
	return all
}

func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// marked says in how many runs something weighs on what they say, by testee; and what has no
// result.
func (s *Study) marked(load int) (lines []string) {
	runs := 0
	for _, r := range s.Runs {
		if r.Load == load {
			runs++
		}
	}
	for _, row := range marks() {
		n, by := s.count(load, func(r *Run) bool { return slices.Contains(r.Marks, row.mark) })
		if n > 0 {
			lines = append(lines, fmt.Sprintf("In %d of %d runs %s (%s)%s.", n, runs, row.words, by, afterColon(row.weight)))
		}
	}
	if n, by := s.count(load, func(r *Run) bool { return r.Problem != "" }); n > 0 {
		lines = append(lines, fmt.Sprintf("%d of %d runs failed as a whole (%s):", n, runs, by))
		lines = append(lines, s.problems(load)...)
	}
	if s.Interrupted {
		lines = append(lines, "The comparison was not finished: later rounds are missing.")
	}
	return lines
}

func afterColon(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}

// count counts runs, and those of each testee.
func (s *Study) count(load int, is func(*Run) bool) (n int, by string) {
	each := make([]int, len(s.Testees))
	for i := range s.Runs {
		if r := &s.Runs[i]; r.Load == load && is(r) {
			each[r.Testee]++
			n++
		}
	}
	var parts []string
	for i, k := range each {
		if k > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", s.Testees[i], k))
		}
	}
	return n, strings.Join(parts, ", ")
}

// maxProblems bounds the problems that are listed.
const maxProblems = 5

// problems lists different ones, with what the testee said at last.
func (s *Study) problems(load int) (lines []string) {
	seen := map[string]bool{}
	for _, r := range s.Runs {
		text := s.Testees[r.Testee] + ": " + r.Problem
		if r.Load != load || r.Problem == "" || seen[text] || len(seen) == maxProblems {
			continue
		}
		seen[text] = true
		lines = append(lines, text)
		for _, line := range r.Output {
			lines = append(lines, "| "+line)
		}
	}
	return lines
}

// reading says how to read the table.
func (s *Study) reading(r *Ranking) []string {
	lines := []string{s.legend(r)}
	if pairs := len(r.Pairs); pairs > 1 {
		lines = append(lines, fmt.Sprintf("p is corrected for %d pairs (Holm), the intervals are not.", pairs))
	}
	if s.Unpaired {
		return append(lines, "The runs share no rounds, so a drift of the machine between them counts as a difference. p is of the Mann-Whitney U test.")
	}
	return append(lines, fmt.Sprintf("Ratios are within a round, p is of Wilcoxon's signed-rank test. Order of turns: seed %d.", s.Seed))
}

// legend explains the sign for no difference. Where all differ, it says what could be told of the two
// that are best told apart.
func (s *Study) legend(r *Ranking) string {
	all, alike := s.compared(r)
	if len(all) == 0 || len(alike) > 0 {
		return fmt.Sprintf("~: no difference; %s.", s.power(alike, r))
	}
	p := slices.MinFunc(all, func(a, b *Pair) int { return cmp.Compare(a.Smallest, b.Smallest) })
	return fmt.Sprintf("All differ; %s, between %s and %s.", s.power([]*Pair{p}, r), s.Testees[p.A], s.Testees[p.B])
}
