package search

import (
	"errors"
	"fmt"

	"wsperf/cmd/internal/ui"
)

// ending is how a search ended, and what it knows then.
type ending struct {
	Bracket
	complete bool
	limit    float64 // the plan's To
}

func (r *searching) ending(stopped error) ending {
	return ending{r.tallies.Bracket(), stopped == nil, r.plan.To}
}

// text returns what is known, in a line.
func (e ending) text() string {
	switch {
	case !e.complete:
		return "Not complete: " + e.soFar() + "."
	case e.Low == nil:
		return fmt.Sprintf("No rate meets the requirements: %s.", tooMuch(e.High))
	case e.High == nil:
		return fmt.Sprintf("Highest rate: %s or more (%s), and no higher rate was to be tried.", rateText(e.Low.Rate), times("met", e.Low.Met, e.Low))
	}
	return fmt.Sprintf("Highest rate: %s (%s); %s.", rateText(e.Low.Rate), times("met", e.Low.Met, e.Low), tooMuch(e.High))
}

// soFar is what an incomplete search knows.
func (e ending) soFar() string {
	switch {
	case e.Low == nil && e.High == nil:
		return "nothing is known of the highest rate"
	case e.Low == nil:
		return fmt.Sprintf("the highest rate is below %s", bound(e.High))
	case e.High == nil:
		return fmt.Sprintf("the highest rate is %s or more (%s)", rateText(e.Low.Rate), times("met", e.Low.Met, e.Low))
	}
	return fmt.Sprintf("the highest rate is %s (%s) or more, and below %s", rateText(e.Low.Rate), times("met", e.Low.Met, e.Low), bound(e.High))
}

func bound(t *Tally) string {
	if t.ByClient() {
		return fmt.Sprintf("%s (%s: the client's own limit)", rateText(t.Rate), times("not kept", t.Limited, t))
	}
	return fmt.Sprintf("%s (%s)", rateText(t.Rate), times("missed", t.Missed, t))
}

// tooMuch says of a rate why it is too high.
func tooMuch(t *Tally) string {
	if t.ByClient() {
		return fmt.Sprintf("%s is the client's own limit (%s), and the testee's can be higher", rateText(t.Rate), times("not kept", t.Limited, t))
	}
	return fmt.Sprintf("%s is too much (%s)", rateText(t.Rate), times("missed", t.Missed, t))
}

// times says how many of the steps at a rate had an outcome.
func times(word string, n int, t *Tally) string {
	return fmt.Sprintf("%s %d of %d", word, n, t.Met+t.Missed+t.Limited)
}

// printAnswer writes the answer for people, and the document if it goes to standard output.
// stopped is why the search is not complete.
func (r *searching) printAnswer(stopped error) error {
	e := r.ending(stopped)
	failed := r.failed
	if failed != nil && (e.High == nil || e.High.ByClient() || failed.Setup.Rate != e.High.Rate) {
		failed = nil
	}
	return errors.Join(r.lines.answer(e.text(), failed), r.printDocument(e))
}

// verdict is the error of a complete search that has found no rate.
func (r *searching) verdict(stopped error) error {
	e := r.ending(stopped)
	switch {
	case !e.complete || e.Low != nil:
		return nil
	case e.High.ByClient():
		return fmt.Errorf("the client did not keep even %s", rateText(e.High.Rate))
	}
	return ui.Unmet{Err: fmt.Errorf("requirements not met even at %s", rateText(e.High.Rate))}
}
