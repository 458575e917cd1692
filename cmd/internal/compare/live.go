package compare

import (
	"sync"
	"time"

	"wsperf/cmd/internal/ui"
	"wsperf/stats/comparison"
)

// live is what a terminal shows of a comparison under way: what is being done, and the table as far as
// it is filled in. Nothing in it asks the loops.
type live struct {
	board *ui.Board

	mu    sync.Mutex
	begun time.Time // of all
	since time.Time // of the turn
	turn  string    // what is being done
	made  int       // turns since begun
	left  int       // turns to make; negative: not known
}

// showLive shows a comparison on the terminal until its board is stopped.
func showLive(u *ui.UI) *live {
	l := &live{}
	l.board = u.ShowBoard(func(to []byte, columns int) []byte {
		to = l.appendHead(to, time.Now())
		return to[:min(len(to), columns)]
	})
	return l
}

// appendHead appends what is being done, for how long, and how long all that is left will take.
func (l *live) appendHead(to []byte, now time.Time) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.turn == "" {
		return to
	}
	to = append(append(to, l.turn...), " ("...)
	to = append(ui.AppendTime(to, now.Sub(l.since)), ')')
	if l.left >= 0 && l.made > 0 {
		each := l.since.Sub(l.begun) / time.Duration(l.made)
		to = ui.AppendTime(append(to, ", "...), max(0, each*time.Duration(l.left)-now.Sub(l.since)))
		to = append(to, " left"...)
	}
	return to
}

// begin shows the next turn.
func (l *live) begin(turn string, left int, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.since, l.turn, l.left = now, turn, left
	if l.begun.IsZero() {
		l.begun = now
	}
}

// end shows the table after a turn.
func (l *live) end(s *comparison.Study, load int) {
	l.mu.Lock()
	l.made++
	l.mu.Unlock()
	l.board.Set(append([]string{""}, s.Progress(load)...))
}
