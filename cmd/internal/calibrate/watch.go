package calibrate

import (
	"context"
	"net/netip"

	"wsperf/cmd/internal/measure"
	"wsperf/cmd/internal/ui"
	"wsperf/engine"
)

// watch shows the user how the runs go.
type watch struct {
	ui      *ui.UI
	signals *ui.Interrupts
	quiet   bool
	told    map[string]bool
}

func (w *watch) Waiting(pipe string) { measure.NoteWaiting(w.ui, pipe) }

func (w *watch) TesteeListens(netip.AddrPort, []int) {}

// Prepared prints each warning once, because the runs are alike.
func (w *watch) Prepared(_ context.Context, warnings []engine.Warning) error {
	for _, warning := range warnings {
		if w.told[warning.Text] {
			continue
		}
		if w.told == nil {
			w.told = make(map[string]bool)
		}
		w.told[warning.Text] = true
		w.ui.Warn(warning.Text)
	}
	return nil
}

func (w *watch) Begun(read func() engine.Progress, goal ui.Goal) (ended func()) {
	w.signals.OnFirst("interrupted: nothing is kept (again to stop at once)")
	if w.quiet {
		return func() {}
	}
	return w.ui.ShowProgress(read, goal)
}
