package compare

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"wsperf/stats/comparison"
)

// live is what a terminal shows of a comparison under way. Nothing in it asks the loops.
type live struct {
	mu    sync.Mutex
	begun time.Time // of all
	since time.Time // of the turn
	turn  string    // what is being done
	made  int       // turns since begun
	left  int       // turns to make; negative: not known
	table []string
}

// lines returns what to show now.
func (l *live) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.turn == "" {
		return nil
	}
	now := time.Now()
	head := fmt.Sprintf("%s (%v)", l.turn, now.Sub(l.since).Round(time.Second))
	if l.left >= 0 && l.made > 0 {
		each := l.since.Sub(l.begun) / time.Duration(l.made)
		head += fmt.Sprintf(", %v left", max(0, each*time.Duration(l.left)-now.Sub(l.since)).Round(time.Second))
	}
	return append([]string{head}, l.table...)
}

// begin shows the next turn.
func (l *live) begin(turn string, left int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.since, l.turn, l.left = time.Now(), turn, left
	if l.begun.IsZero() {
		l.begun = l.since
	}
}

// end shows the table after a turn.
func (l *live) end(s *comparison.Study, load int) {
	table := slices.Concat([]string{""}, s.Progress(load)) // outside of the lock: it takes a while
	l.mu.Lock()
	defer l.mu.Unlock()
	l.made, l.table = l.made+1, table
}
