package search

import (
	"context"
	"net/netip"

	"wsperf/cmd/internal/measure"
	"wsperf/cmd/internal/ui"
	"wsperf/engine"
)

// watch shows the user how the steps go.
type watch struct {
	ui      *ui.UI
	signals *ui.Interrupts
	quiet   bool
	told    map[engine.WarningKind]bool
}

func (w *watch) Waiting(pipe string) { measure.NoteWaiting(w.ui, pipe) }

func (w *watch) TesteeListens(netip.AddrPort, []int) {}

// Prepared prints a warning of each kind once, because the steps are alike.
func (w *watch) Prepared(_ context.Context, warnings []engine.Warning) error {
	for _, warning := range warnings {
		if w.told[warning.Kind] {
			continue
		}
		if w.told == nil {
			w.told = make(map[engine.WarningKind]bool)
		}
		w.told[warning.Kind] = true
		w.ui.Warn(warning.Text)
	}
	return nil
}

func (w *watch) Begun(read func() engine.Progress, goal ui.Goal) (ended func()) {
	w.signals.OnFirst("interrupted: closing open connections (again to stop at once)")
	if w.quiet {
		return func() {}
	}
	return w.ui.ShowProgress(read, goal)
}
