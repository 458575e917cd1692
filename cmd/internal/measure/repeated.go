package measure

import (
	"context"
	"net/netip"

	"wsperf/cmd/internal/ui"
	"wsperf/engine"
)

// Repeated is the Observer of several runs that are alike.
type Repeated struct {
	UI        *ui.UI
	Signals   *ui.Interrupts
	Quiet     bool   // show no progress
	Interrupt string // what the first interrupt does

	told map[engine.WarningKind]bool
}

// Waiting implements Observer.
func (o *Repeated) Waiting(pipe string) { NoteWaiting(o.UI, pipe) }

// TesteeListens implements Observer.
func (o *Repeated) TesteeListens(netip.AddrPort, []int) {}

// Prepared prints a warning of each kind once.
func (o *Repeated) Prepared(_ context.Context, warnings []engine.Warning) error {
	for _, w := range warnings {
		if o.told[w.Kind] {
			continue
		}
		if o.told == nil {
			o.told = make(map[engine.WarningKind]bool)
		}
		o.told[w.Kind] = true
		o.UI.Warn(w.Text)
	}
	return nil
}

// Begun implements Observer.
func (o *Repeated) Begun(read func() engine.Progress, goal ui.Goal) (ended func()) {
	o.Signals.OnFirst("interrupted: " + o.Interrupt + " (again to stop at once)")
	if o.Quiet {
		return func() {}
	}
	return o.UI.ShowProgress(read, goal)
}
