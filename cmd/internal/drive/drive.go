// Package drive makes a run in several processes: a driver starts workers, lets
// them begin together, and reports all of their results as one.
package drive

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"wsperf/cmd/internal/measure"
	"wsperf/cmd/internal/ui"
	"wsperf/engine"
)

// prepareTimeout bounds how long a worker may take to be prepared. It looks up
// a name and allocates memory, which takes milliseconds. The rest is for a name
// server that does not answer (resolv.conf(5): 5 seconds, 2 attempts, for each of
// 3 servers) and a machine that is swapping.
const prepareTimeout = 60 * time.Second

// abandonTimeout bounds how long an interrupted worker that has not begun may take to end.
// It has no connection to close, so it usually ends within milliseconds. One that does not
// is stopped, or allocates memory on a machine that is swapping.
const abandonTimeout = time.Second

// Do runs the workers and reports what they have written.
func (d *Driver) Do(ctx context.Context, u *ui.UI) (err error) {
	if d.page, err = measure.PreparePage(d.options.HTML); err != nil {
		return err
	}
	if d.options.SkipRun {
		return d.analyze(u, d.earlier())
	}
	found, err := d.run(ctx, u)
	if d.options.SkipAnalysis || found == nil || len(found.files) == 0 {
		return err
	}
	return errors.Join(err, d.analyze(u, found))
}

// earlier returns the result files of an earlier run.
func (d *Driver) earlier() *results {
	r := &results{}
	for number := range d.options.Workers {
		r.files = append(r.files, d.options.path(number))
	}
	return r
}

// run runs the workers until all have ended, and returns their results. With an error
// there can still be results.
func (d *Driver) run(ctx context.Context, u *ui.UI) (*results, error) {
	ctx, signals := ui.Watch(ctx, u)
	defer signals.Stop()
	at, err := measure.Resolve(ctx, d.job)
	if err != nil {
		return nil, err
	}
	all, err := d.workers(at)
	if err != nil {
		return nil, err
	}
	told, err := d.together(at)
	if err != nil {
		return nil, err
	}
	for _, warning := range told {
		u.Warn(warning.Text)
	}
	all.start(d.showsProgress(u))
	err = d.work(ctx, u, all, func() {
		for _, warning := range all.warnings(told) {
			u.Warn(warning)
		}
		signals.OnFirst("interrupted: the workers close open connections (again to stop at once)")
	})
	interrupted := err != nil
	return all.results(interrupted), errors.Join(err, all.failures(interrupted))
}

func (d *Driver) showsProgress(u *ui.UI) bool { return u.Terminal() && !d.options.Quiet }

// workers makes all workers of a run against that address, and checks that each can
// write its result.
func (d *Driver) workers(at netip.AddrPort) (workers, error) {
	usual := d.options.usualCPUs(at.Addr(), d.allowed)
	var all workers
	for number := range d.options.Workers {
		o := d.options.ofWorker(number, usual)
		o.Address = at.String()
		w, err := newWorker(number, o)
		if err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, nil
}

// together returns the warnings about what the workers share: options, CPUs, and limits of the
// machine. A single worker warns of the limits itself.
func (d *Driver) together(at netip.AddrPort) ([]engine.Warning, error) {
	warnings := append(d.job.Warnings(), d.options.sharedCPUs(d.allowed)...)
	if d.options.Workers == 1 {
		return warnings, nil
	}
	cfg, err := d.job.EngineConfig(at)
	if err != nil {
		return nil, err
	}
	shared, err := engine.Together(cfg, d.options.Workers)
	for _, w := range shared {
		w.Text = fmt.Sprintf("%d workers together: %s", d.options.Workers, w.Text)
		warnings = append(warnings, w)
	}
	return warnings, err
}

// work lets the workers begin together and waits until all have ended. It calls prepared
// before they begin. Workers that cannot begin do not keep the others from it. The error is
// that a signal came: ui.ErrEarly if they have not begun.
func (d *Driver) work(ctx context.Context, u *ui.UI, all workers, prepared func()) error {
	// A second signal ends this process, and with it the workers' standard input.
	defer context.AfterFunc(ctx, all.interrupt)()
	if !all.prepared(ctx, prepareTimeout) {
		all.abandon(abandonTimeout)
		return ui.ErrEarly
	}
	prepared()
	if d.showsProgress(u) {
		defer u.ShowProgress(all.progress, d.goal())()
	}
	all.begin()
	all.wait()
	if ctx.Err() != nil {
		return ui.ErrInterrupted
	}
	return nil
}

// goal returns the goal of all workers together.
func (d *Driver) goal() ui.Goal {
	return ui.Goal{Connections: int64(d.options.Workers) * d.options.Connections, Duration: d.options.Starting()}
}
