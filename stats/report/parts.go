package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"wsperf/stats"
)

// maxPartsListed bounds the rows of the table of parts. Of more, the extremes are shown.
const maxPartsListed = 32

// The starts of the parts are far apart above one of these bounds. In that time not all parts are
// running, so the rate of the loaded window is too low by up to its share; and a part does not
// begin if it is later than --max-late, 250 ms by default.
const (
	farApartShare = 0.01 // of the loaded window
	farApart      = 250 * time.Millisecond
)

// incomplete says before all numbers which parts of the run they lack.
func incomplete(r *stats.Result) (s Section) {
	spread, ok := r.Spread()
	if !ok || ownPart(r) {
		return s
	}
	if text := spread.Incomplete(); text != "" {
		s.Parts = append(s.Parts, Sentence("The run is incomplete: "+text+". The numbers below lack them."))
	}
	return s
}

// ownPart reports whether the result is that of one part, as it wrote it.
func ownPart(r *stats.Result) bool { return len(r.Parts) == 1 && r.Parts[0].Done == nil }

// parts shows what each part of the run did, and whether they began together.
func parts(r *stats.Result) (s Section) {
	spread, ok := r.Spread()
	switch {
	case !ok:
		return s
	case ownPart(r):
		return Section{Title: fmt.Sprintf("Part %d of %d%s", r.Parts[0].Number, r.Parts[0].Of, ofRun(spread.RunID)), Parts: []Part{Details(aboutPart(&r.Parts[0]))}}
	}
	s.Title = fmt.Sprintf("Parts: %d of %d%s", len(r.Parts)-len(spread.TooLate), spread.Of, ofRun(spread.RunID))
	if len(r.Parts) <= maxPartsListed {
		s.Parts = append(s.Parts, partTable(r))
	} else {
		s.Parts = append(s.Parts, Details(partExtremes(r)))
	}
	return Section{Title: s.Title, Parts: append(s.Parts, starts(r, &spread)...)}
}

func ofRun(id string) string {
	if id == "" {
		return ""
	}
	return ", run " + Escaped(id)
}

func aboutPart(p *stats.Part) (d Details) {
	switch {
	case !p.Begun:
		d = append(d, Detail{"Start", fmt.Sprintf("%s too late: it did not begin", duration(p.LateUs))})
	case !p.StartAt.IsZero():
		d = append(d, Detail{"Start", fmt.Sprintf("%s after %s", duration(p.LateUs), p.StartAt.UTC().Format(time.RFC3339Nano))})
	}
	if p.Host != "" {
		d = append(d, Detail{"Host", Escaped(p.Host)})
	}
	return append(d, Detail{"Clock", clockText(p.Clock)})
}

func clockText(c stats.Clock) string {
	if !c.Synchronized {
		return "not synchronized"
	}
	return "wrong by at most " + duration(c.MaxErrorUs)
}

func partTable(r *stats.Result) Table {
	host := len("host")
	for i := range r.Parts {
		host = max(host, min(len(Escaped(r.Parts[i].Host)), maxValueShown))
	}
	t := Table{Columns: []Column{{"part", 5}, {"host", -host}, {"started", 10}, {"handshakes/s", 12}, {"fail", 8}, {"late ms", 8}, {"clock ms", 8}, {"bottleneck", -1}}}
	for i := range r.Parts {
		p := &r.Parts[i]
		row := []string{strconv.Itoa(p.Number), partHost(p), none, none, none, partLate(p), partClock(p), "did not begin"}
		if d := p.Done; d != nil {
			row[2], row[3], row[4] = strconv.FormatUint(d.Started, 10), strconv.FormatFloat(d.PerSecond, 'f', 1, 64), strconv.FormatUint(d.Fail, 10)
			row[7] = cmp.Or(Escaped(string(d.Verdict)), none)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// partHost is not wider than its column.
func partHost(p *stats.Part) string {
	text := Escaped(p.Host)
	return cmp.Or(text[:min(len(text), maxValueShown)], none)
}

func partLate(p *stats.Part) string {
	if p.StartAt.IsZero() {
		return none
	}
	return formatMs(p.LateUs)
}

func partClock(p *stats.Part) string {
	if !p.Clock.Synchronized {
		return "not sync"
	}
	return formatMs(p.Clock.MaxErrorUs)
}

// partNumbers are shown of many parts.
var partNumbers = []struct {
	name, format string
	of           func(*stats.Part) float64
}{
	{"Rate", "%.1f handshakes/s", func(p *stats.Part) float64 { return p.Done.PerSecond }},
	{"Started", "%.0f connections", func(p *stats.Part) float64 { return float64(p.Done.Started) }},
	{"Fail", "%.0f connections", func(p *stats.Part) float64 { return float64(p.Done.Fail) }},
	{"Late", "%.1f ms", func(p *stats.Part) float64 { return float64(p.LateUs) / 1000 }},
}

// partExtremes says between which bounds the parts were, and what bounded how many.
func partExtremes(r *stats.Result) (d Details) {
	var begun []*stats.Part
	for i := range r.Parts {
		if r.Parts[i].Done != nil {
			begun = append(begun, &r.Parts[i])
		}
	}
	if len(begun) == 0 {
		return nil
	}
	for _, n := range partNumbers {
		compare := func(a, b *stats.Part) int { return cmp.Compare(n.of(a), n.of(b)) }
		least, most := slices.MinFunc(begun, compare), slices.MaxFunc(begun, compare)
		text := fmt.Sprintf(n.format+" in %s, ", n.of(least), partName(least)) + fmt.Sprintf(n.format+" in %s", n.of(most), partName(most))
		if n.of(least) == n.of(most) {
			text = fmt.Sprintf(n.format+" in each", n.of(most))
		}
		d = append(d, Detail{n.name, text})
	}
	return append(d, Detail{"Bound by", partVerdicts(begun)})
}

func partName(p *stats.Part) string {
	if p.Host == "" {
		return fmt.Sprintf("part %d", p.Number)
	}
	return fmt.Sprintf("part %d (%s)", p.Number, partHost(p))
}

// partVerdicts counts the parts by verdict, and names a part of each.
func partVerdicts(begun []*stats.Part) string {
	count, first := make(map[stats.Bottleneck]int), make(map[stats.Bottleneck]*stats.Part)
	var kinds []stats.Bottleneck
	for _, p := range begun {
		kind := p.Done.Verdict
		if count[kind]++; count[kind] == 1 {
			kinds, first[kind] = append(kinds, kind), p
		}
	}
	slices.SortStableFunc(kinds, func(a, b stats.Bottleneck) int { return count[b] - count[a] })
	var all []string
	for i, kind := range kinds {
		if i == maxDifferencesShown {
			all = append(all, "...")
			break
		}
		all = append(all, fmt.Sprintf("%s: %d, such as %s", cmp.Or(Escaped(string(kind)), "not known"), count[kind], partName(first[kind])))
	}
	return strings.Join(all, "; ")
}

// starts says how far apart the parts began, by clocks that may be wrong.
func starts(r *stats.Result, s *stats.Spread) (all []Part) {
	if s.Earliest < 0 || len(r.Parts)-len(s.TooLate) < 2 {
		return nil
	}
	most := s.Starts + s.ClockError
	text := fmt.Sprintf("The parts began within %s", milliseconds(s.Starts))
	switch {
	case s.OneClock:
		text += ", by the clock of one machine."
	case s.Unsynchronized > 0:
		text += fmt.Sprintf(" by their clocks, of which %d of %d are not synchronized: how far apart they really began is not known.", s.Unsynchronized, len(r.Parts)-len(s.TooLate))
	default:
		text += fmt.Sprintf(" by their clocks, and within %s with the errors of these.", milliseconds(most))
	}
	all = append(all, Sentence(text))
	if window := r.Loaded.Duration(); most > farApart || float64(most) > farApartShare*float64(window) && window > 0 {
		all = append(all, Sentence(fmt.Sprintf("Starts %s apart are %.1f %% of the loaded window: at its ends not all parts were running, and its rate can be too low by that share.",
			milliseconds(most), 100*ratio(most.Seconds(), window.Seconds()))))
	}
	return all
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000) }

// omitted says what a merged result would have if it were smaller.
func omitted(r *stats.Result) (s Section) {
	if len(r.Omitted) == 0 {
		return s
	}
	var names []string
	for _, o := range r.Omitted {
		names = append(names, Escaped(string(o)))
	}
	s.Parts = append(s.Parts, Sentence("Left out, because all of it is too much for one result: "+strings.Join(names, ", ")+"."))
	return s
}
