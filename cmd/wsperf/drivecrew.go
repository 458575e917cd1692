package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"wsperf/engine/host"
)

// drive is a checked command line of the driver.
type drive struct {
	options *driveOptions
	allowed []int // CPUs
}

// newDrive checks everything that can be checked without touching the network
// or the disk, with the checks of a run.
func newDrive(o *driveOptions, given func(string) bool) (*drive, error) {
	if err := o.check(given); err != nil {
		return nil, err
	}
	allowed, err := host.AllowedCPUs()
	if err != nil {
		return nil, err
	}
	first := o.runOptions(0, allowed)
	if _, err := newJob(&first); err != nil {
		return nil, err
	}
	return &drive{options: o, allowed: allowed}, nil
}

// do runs the workers and reports what they have written.
func (d *drive) do(ctx context.Context, u *ui) error {
	if d.options.skipRun {
		return d.earlier().analyze(u)
	}
	left, err := d.run(ctx, u)
	if d.options.skipAnalysis || len(left.files) == 0 {
		return err
	}
	return errors.Join(err, left.analyze(u))
}

// earlier is the harvest of a run that was made before.
func (d *drive) earlier() *harvest {
	h := &harvest{}
	for number := range d.options.workers {
		h.files = append(h.files, d.options.path(number))
	}
	return h
}

// run does the workers' part, and returns what is left of them. Every worker has ended then.
func (d *drive) run(ctx context.Context, u *ui) (*harvest, error) {
	c, err := d.crew()
	if err != nil {
		return &harvest{}, err
	}
	if warning := d.options.crowded(d.allowed); warning != "" {
		u.warn(warning)
	}
	ctx, signals := watch(ctx, u)
	defer signals.stop()
	signals.onFirst("interrupted: the workers close open connections (again to stop at once)")
	c.start()
	c.work(ctx)
	c.warn(u)
	if ctx.Err() != nil {
		return c.harvest(true), errors.Join(errInterrupted, c.failures(true))
	}
	return c.harvest(false), c.failures(false)
}

// crew is the workers of a run.
type crew []*worker

func (d *drive) crew() (crew, error) {
	var c crew
	for number := range d.options.workers {
		w, err := newWorker(number, d.options.runOptions(number, d.allowed))
		if err != nil {
			return nil, err
		}
		c = append(c, w)
	}
	return c, nil
}

func (c crew) start() {
	for _, w := range c {
		w.start()
	}
}

// work lets the workers begin together and waits until all have ended. Those
// that cannot begin do not keep the others from it.
func (c crew) work(ctx context.Context) {
	// A second signal ends this process, and with it the workers' standard input.
	defer context.AfterFunc(ctx, c.interrupt)()
	if c.prepared(ctx) {
		for _, w := range c {
			w.begin()
		}
	}
	for _, w := range c {
		<-w.ended
	}
}

// prepared waits until each worker is prepared or has ended. False: interrupted.
func (c crew) prepared(ctx context.Context) bool {
	for _, w := range c {
		select {
		case <-w.prepared.heard:
		case <-w.ended:
		case <-ctx.Done():
		}
	}
	return ctx.Err() == nil
}

func (c crew) interrupt() {
	for _, w := range c {
		w.interrupt()
	}
}

// warn passes the workers' warnings on, each once: most concern the machine, and all of them.
func (c crew) warn(u *ui) {
	var known []string
	for _, w := range c {
		warnings, _ := w.words()
		for _, warning := range warnings {
			if strings.Contains(warning, sharing) || slices.Contains(known, warning) {
				continue
			}
			known = append(known, warning)
			u.warn(fmt.Sprintf("worker %d: %s", w.number, warning))
		}
	}
}

// failures is an error that tells which workers failed; nil: none.
func (c crew) failures(interrupted bool) error {
	var all []error
	for _, w := range c {
		if why := w.failure(interrupted); why != "" {
			all = append(all, w.report(why))
		}
	}
	return errors.Join(all...)
}

// harvest collects the results of this run. A worker without one may have left
// an earlier run's file in its place: that is not loaded.
func (c crew) harvest(interrupted bool) *harvest {
	h := &harvest{}
	for _, w := range c {
		h.planned += w.options.conns
		if w.wroteResult() {
			h.files = append(h.files, w.options.out)
			continue
		}
		h.notRun += w.options.conns
		why := w.failure(interrupted)
		if why == "" {
			why = errInterrupted.Error()
		}
		h.lost = append(h.lost, fmt.Sprintf("worker %d: %s", w.number, why))
	}
	return h
}
