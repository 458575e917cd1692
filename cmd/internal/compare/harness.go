package compare

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/measure"
	"wsperf/cmd/internal/resultfile"
	"wsperf/cmd/internal/ui"
	"wsperf/engine/host"
	"wsperf/stats"
	"wsperf/stats/comparison"
)

// harness is a comparison under way.
type harness struct {
	*Comparison
	ui      *ui.UI
	signals *ui.Interrupts
	watch   *measure.Repeated
	live    *live // nil: lines instead

	begun     time.Time
	timeWaits int             // sockets in TIME_WAIT before the first run
	servers   map[int]*server // that stay between runs, by testee
}

// turn is a run to make.
type turn struct{ round, load, testee int }

// harness returns what makes the runs.
func (c *Comparison) harness(u *ui.UI, signals *ui.Interrupts) *harness {
	return &harness{
		Comparison: c, ui: u, signals: signals, timeWaits: host.TimeWaits(),
		watch: &measure.Repeated{UI: u, Signals: signals, Quiet: true, Interrupt: "closing open connections; go on with --resume " + c.store.folder},
	}
}

// run shows the table on a terminal, makes the runs that are missing, and ends all testees.
func (h *harness) run(ctx context.Context) error {
	if !h.options.Quiet && h.ui.Terminal() {
		h.live = showLive(h.ui)
		defer h.live.board.Stop()
	}
	defer h.stopAll()
	return h.all(ctx)
}

// all makes the runs that are missing. The error is ui.ErrInterrupted or a lostResult.
func (h *harness) all(ctx context.Context) error {
	h.begun = time.Now()
	made := map[turn]bool{}
	for _, r := range h.study.Runs {
		made[turn{r.Round, r.Load, r.Testee}] = true
	}
	for round := 0; h.wants(round); round++ {
		h.study.Rounds = max(h.study.Rounds, round+1)
		for _, t := range h.turns(round) {
			if made[t] {
				continue
			}
			if err := h.take(ctx, t); err != nil {
				return err
			}
		}
	}
	h.study.Interrupted = false
	return nil
}

// wants reports whether a round is to be made. With --rounds auto, rounds come in pairs, in the
// second of which the turns are in reverse order.
func (h *harness) wants(round int) bool {
	o := &h.options
	switch {
	case o.Rounds > 0:
		return round < o.Rounds
	case round >= mostRounds || round > 0 && time.Since(h.begun) >= microseconds(o.BudgetUs):
		return false
	case round < max(leastRounds, o.least(h.testees)) || round%2 == 1:
		return true
	}
	return !h.study.Precise(o.Precision / 100)
}

// turns returns the runs of a round. The loads come one after the other, in each other round the
// other way round.
func (h *harness) turns(round int) (all []turn) {
	order := orders(len(h.testees), round+1, h.options.Seed)[round]
	for i := range h.loads {
		load := i
		if round%2 == 1 {
			load = len(h.loads) - 1 - i
		}
		for _, testee := range order {
			all = append(all, turn{round, load, testee})
		}
	}
	return all
}

// lostResult is the error of a run whose result could not be kept. It says nothing of the testee: the
// comparison ends, and the run is made again when it goes on.
type lostResult struct{ error }

// take makes a run and keeps it. A testee that fails does not end the comparison, a full disk does.
func (h *harness) take(ctx context.Context, t turn) error {
	if len(h.study.Runs) > 0 {
		h.cool(ctx)
	}
	if ctx.Err() != nil {
		return ui.ErrInterrupted
	}
	run := comparison.Run{Round: t.round, Load: t.load, Testee: t.testee}
	if h.live != nil {
		h.live.begin(h.describe(t), h.left(), time.Now())
	}
	var lost lostResult
	var f failure
	switch err := h.measure(ctx, t, &run); {
	case errors.Is(err, ui.ErrInterrupted), errors.Is(err, ui.ErrEarly):
		return ui.ErrInterrupted
	case errors.As(err, &lost):
		return lost
	case errors.As(err, &f):
		run.Problem, run.Output = printable(err.Error()), f.output
	case err != nil:
		run.Problem = printable(err.Error())
	}
	h.study.Runs = append(h.study.Runs, run)
	h.report(&run)
	if err := h.save(); err != nil {
		return lostResult{err}
	}
	return nil
}

// measure measures a testee, which it starts and ends if need be.
func (h *harness) measure(ctx context.Context, t turn, run *comparison.Run) error {
	testee, load := &h.testees[t.testee], &h.loads[t.load]
	s, err := h.server(ctx, t.testee)
	if err != nil {
		return err
	}
	defer h.release(t.testee, s)
	name := fileName(len(h.study.Runs)+1, load.Name, testee.Name)
	if _, err := resultfile.Prepare(h.store.path(name)); err != nil {
		return lostResult{err}
	}
	j, err := job.New(testee.under(*load, h.store.path(name)))
	if err != nil {
		return err
	}
	m, err := measure.Run(ctx, j, h.watch)
	switch {
	case m == nil:
		return err
	case m.Result.Interrupted:
		return ui.ErrInterrupted
	}
	if lost := measure.Save(m, h.signals); lost != nil {
		return lostResult{lost}
	}
	run.File = name
	if err != nil {
		return err
	}
	if err := whole(m.Result, s); err != nil {
		return err
	}
	run.Describe(m.Result, h.study.Loads[t.load].Kept())
	return nil
}

// whole returns why a result does not count: the testee ended, or every handshake failed.
func whole(r *stats.Result, s *server) error {
	switch {
	case s.ended():
		return s.explained(errors.New("the command ended while it was measured"))
	case r.Success == 0:
		return measure.Outcome(r)
	}
	return nil
}

// server returns a running testee.
func (h *harness) server(ctx context.Context, testee int) (*server, error) {
	if s := h.servers[testee]; s != nil && !s.ended() {
		return s, nil
	}
	if h.options.Restart == RestartNever && h.servers == nil {
		h.servers = map[int]*server{}
	}
	s, err := h.testees[testee].start(ctx, h.testees[testee].addresses(h.loads), microseconds(h.options.StartTimeoutUs))
	if err == nil && h.servers != nil {
		h.servers[testee] = s
	}
	return s, err
}

// release ends a testee that is started anew for each run.
func (h *harness) release(testee int, s *server) {
	if h.servers == nil || s.ended() {
		s.stop()
		delete(h.servers, testee)
	}
}

// stopAll ends the testees that were kept.
func (h *harness) stopAll() {
	for _, s := range h.servers {
		s.stop()
	}
}

// coolPoll is the time between two looks at the sockets in TIME_WAIT.
const coolPoll = 50 * time.Millisecond

// cool waits until no more sockets are in TIME_WAIT than before the first run, or the time is up.
func (h *harness) cool(ctx context.Context) {
	end := time.NewTimer(microseconds(h.options.CoolingUs))
	defer end.Stop()
	poll := time.NewTicker(coolPoll)
	defer poll.Stop()
	for host.TimeWaits() > h.timeWaits {
		select {
		case <-ctx.Done():
			return
		case <-end.C:
			return
		case <-poll.C:
		}
	}
}

// report shows what came of a run: in the table on a terminal, or else in a line.
func (h *harness) report(run *comparison.Run) {
	text := h.describe(turn{run.Round, run.Load, run.Testee}) + ": "
	switch {
	case h.options.Quiet:
		return
	case run.Problem != "":
		h.ui.Warn(text + run.Problem)
	case h.live == nil:
		h.ui.Note(text + run.Line(h.study.Loads[run.Load].Measures()))
	}
	if h.live != nil {
		h.live.end(h.study, run.Load)
	}
}

func (h *harness) describe(t turn) string {
	return fmt.Sprintf("round %d, %s, %s", t.round+1, h.loads[t.load].Name, h.testees[t.testee].Name)
}

// left returns how many turns are to be made, negative if that is not known.
func (h *harness) left() int { return h.options.Rounds*len(h.loads)*len(h.testees) - len(h.study.Runs) }
