package search

import (
	"errors"
	"fmt"

	"wsperf/cmd/internal/ui"
	"wsperf/stats"
)

// ending is what a search knows at its end.
type ending struct {
	Bracket
	complete bool
}

// ending returns the end of a search. stopped is why it is not complete.
func (r *searching) ending(stopped error) ending {
	return ending{r.tallies.Bracket(), stopped == nil}
}

// text returns what is known, as a line.
func (e ending) text() string {
	switch {
	case !e.complete:
		return "Not complete: " + e.soFar() + "."
	case e.Low == nil && e.High.ByClient():
		return fmt.Sprintf("No rate is known to meet the requirements: %s.", tooMuch(e.High))
	case e.Low == nil:
		return fmt.Sprintf("No rate meets the requirements: %s.", tooMuch(e.High))
	case e.High == nil:
		return fmt.Sprintf("Highest rate: %s or more (%s), and no higher rate was to be tried.", rateText(e.Low.Rate), e.Low.timesMet())
	}
	return fmt.Sprintf("Highest rate: %s (%s); %s.", rateText(e.Low.Rate), e.Low.timesMet(), tooMuch(e.High))
}

// tooMuch says why a rate is too high.
func tooMuch(t *Tally) string {
	if t.ByClient() {
		return fmt.Sprintf("%s is the client's own limit (%s), and the testee's can be higher", rateText(t.Rate), t.timesNotKept())
	}
	return fmt.Sprintf("%s is too much (%s)", rateText(t.Rate), t.timesMissed())
}

// soFar says what an incomplete search knows.
func (e ending) soFar() string {
	low := "nothing is known of the testee"
	if e.Low != nil {
		low = fmt.Sprintf("the highest rate is %s or more (%s)", rateText(e.Low.Rate), e.Low.timesMet())
	}
	switch {
	case e.Low == nil && e.High == nil:
		return "nothing is known of the highest rate"
	case e.High == nil:
		return low
	case e.High.ByClient():
		return fmt.Sprintf("%s, and the client's own limit is below %s (%s)", low, rateText(e.High.Rate), e.High.timesNotKept())
	case e.Low == nil:
		return fmt.Sprintf("the highest rate is below %s (%s)", rateText(e.High.Rate), e.High.timesMissed())
	}
	return fmt.Sprintf("%s, and below %s (%s)", low, rateText(e.High.Rate), e.High.timesMissed())
}

func (t *Tally) timesMet() string     { return t.times("met", t.Met) }
func (t *Tally) timesMissed() string  { return t.times("missed", t.Missed) }
func (t *Tally) timesNotKept() string { return t.times("not kept", t.Limited) }

func (t *Tally) times(word string, n int) string {
	return fmt.Sprintf("%s %d of %d", word, n, t.Met+t.Missed+t.Limited)
}

// verdict is the error of a complete search that has found no rate.
func (e ending) verdict() error {
	switch {
	case !e.complete || e.Low != nil:
		return nil
	case e.High.ByClient():
		return fmt.Errorf("the client did not keep even %s", rateText(e.High.Rate))
	}
	return ui.Unmet{Err: fmt.Errorf("requirements not met even at %s", rateText(e.High.Rate))}
}

// printAnswer writes the answer for people, and the document if it goes to standard output.
func (r *searching) printAnswer(e ending) error {
	return errors.Join(r.lines.answer(e.text(), r.reason(e)), r.printDocument(e))
}

// reason returns the result that shows why the testee could not do the high end of the answer,
// nil if no connection failed there.
func (r *searching) reason(e ending) *stats.Result {
	if e.High == nil || e.High.ByClient() || r.failed == nil || r.failed.Setup.Rate != e.High.Rate {
		return nil
	}
	return r.failed
}
