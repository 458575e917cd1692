package drive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"wsperf/cmd/internal/ui"
	"wsperf/engine"
)

// workers is all workers of a run.
type workers []*worker

func (all workers) start(sendProgress bool) {
	for _, w := range all {
		w.start(sendProgress)
	}
}

func (all workers) begin() {
	for _, w := range all {
		w.begin()
	}
}

func (all workers) interrupt() {
	for _, w := range all {
		w.interrupt()
	}
}

func (all workers) wait() {
	for _, w := range all {
		<-w.ended()
	}
}

// prepared waits until each worker is prepared or has ended. After the timeout it kills
// those that are neither. It returns false if it was interrupted.
func (all workers) prepared(ctx context.Context, timeout time.Duration) bool {
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for _, w := range all {
		select {
		case <-w.prepared:
		case <-w.ended():
		case <-bounded.Done():
		}
	}
	if ctx.Err() != nil {
		return false
	}
	if bounded.Err() != nil {
		for _, w := range all {
			w.giveUp(timeout)
		}
	}
	return true
}

// abandon waits for the end of workers that were interrupted before they began. After the
// timeout it kills those that are left.
func (all workers) abandon(timeout time.Duration) {
	bounded, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	for _, w := range all {
		select {
		case <-w.ended():
		case <-bounded.Done():
			w.abandon()
		}
	}
}

// warnings returns the workers' warnings, each text once. Those of a kind that the driver
// has told of all workers together are left out. Shared CPUs are the driver's to judge.
func (all workers) warnings(told []engine.Warning) (lines []string) {
	kinds, texts := []engine.WarningKind{engine.WarnSharedCPU}, []string{}
	for _, warning := range told {
		kinds = append(kinds, warning.Kind)
	}
	for _, w := range all {
		for _, warning := range w.warned() {
			if slices.Contains(kinds, warning.Kind) || slices.Contains(texts, warning.Text) {
				continue
			}
			texts = append(texts, warning.Text)
			lines = append(lines, fmt.Sprintf("worker %d: %s", w.number, warning.Text))
		}
	}
	return lines
}

// progress returns the sum over all workers.
func (all workers) progress() (sum engine.Progress) {
	for _, w := range all {
		p := w.latest()
		sum.Started += p.Started
		sum.Success += p.Success
		sum.Fail += p.Fail
		sum.InFlight += p.InFlight
	}
	return sum
}

// failures returns an error that names the workers that failed, or nil.
func (all workers) failures(interrupted bool) error {
	var errs []error
	for _, w := range all {
		if why := w.failure(interrupted); why != "" {
			errs = append(errs, w.report(why))
		}
	}
	return errors.Join(errs...)
}

// results collects the results of this run. If a worker wrote none, a file at its path
// is from an earlier run and is not collected.
func (all workers) results(interrupted bool) *results {
	r := &results{workers: len(all)}
	for _, w := range all {
		r.planned += w.options.Connections
		if w.wrote() {
			r.files = append(r.files, w.options.Out)
			continue
		}
		r.missing += w.options.Connections
		why := w.failure(interrupted)
		if why == "" {
			why = ui.ErrInterrupted.Error()
		}
		r.lost = append(r.lost, fmt.Sprintf("worker %d: %s", w.number, why))
	}
	return r
}
