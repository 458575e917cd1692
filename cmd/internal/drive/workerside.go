package drive

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/measure"
	"wsperf/cmd/internal/ui"
	"wsperf/engine"
)

// Work is what a worker process does: the run that its driver describes on standard
// input. Its errors are part of the result message and are not printed.
func Work(ctx context.Context, u *ui.UI) error {
	ctx, signals := ui.Watch(ctx, u)
	defer signals.Stop()
	w := &workerSide{u: u, in: bufio.NewReader(u.In), signals: signals}
	s, err := w.readSetup()
	if err != nil {
		return err
	}
	w.sendsProgress = s.Progress
	written, err := w.do(ctx, s.Options)
	r := &result{File: written, Exit: ui.ExitCode(err), Errors: ui.Lines(err), NoSuccess: ui.IsNoSuccess(err)}
	if lost := w.tell(answer{Result: r}); lost != nil {
		return errors.Join(err, lost)
	}
	if err == nil {
		return nil
	}
	return ui.Told{Err: err}
}

// workerSide is a worker in its own process; worker is the driver's view of it.
type workerSide struct {
	u             *ui.UI
	in            *bufio.Reader
	signals       *ui.Interrupts
	sendsProgress bool
}

func (w *workerSide) readSetup() (*setup, error) {
	var o order
	if err := w.read(&o); err != nil || o.Setup == nil {
		return nil, fmt.Errorf("no setup on standard input: a worker must be started by wsperf drive (%v)", err)
	}
	return o.Setup, nil
}

func (w *workerSide) read(o *order) error {
	data, err := w.in.ReadBytes('\n')
	if err != nil {
		return err
	}
	return json.Unmarshal(data, o)
}

func (w *workerSide) tell(a answer) error {
	data, err := line(a)
	if err != nil {
		return err
	}
	return w.write(data)
}

func (w *workerSide) write(data []byte) error {
	_, err := w.u.Out.Write(data)
	return errors.Join(err, w.u.Out.Flush())
}

// do runs the job. It returns the name of the result file, empty if none was written.
func (w *workerSide) do(ctx context.Context, o job.Options) (written string, err error) {
	j, err := job.New(o)
	if err != nil {
		return "", err
	}
	m, err := measure.Run(ctx, j, w)
	w.signals.Writing()
	if m == nil {
		return "", err
	}
	lost := measure.Save(m, w.signals)
	if lost == nil {
		written = o.Out
	}
	return written, errors.Join(lost, err, measure.Outcome(m.Result))
}

// Waiting is never called, because newWorker refuses pipes.
func (w *workerSide) Waiting(string) {}

// TesteeListens is never called, because a worker always has a URL.
func (w *workerSide) TesteeListens(netip.AddrPort, []int) {}

// Prepared tells the driver and waits until it says begin.
func (w *workerSide) Prepared(ctx context.Context, warnings []engine.Warning) error {
	if err := w.tell(answer{Prepared: &prepared{Warnings: warnings}}); err != nil {
		return err
	}
	begun := make(chan struct{})
	go w.awaitBegin(begun)
	select {
	case <-ctx.Done():
		return ui.ErrEarly
	case <-begun:
		return nil
	}
}

// awaitBegin waits for the driver to say begin, and then for its end. It
// allocates nothing after begin: the heap of a measured window is reported.
func (w *workerSide) awaitBegin(begun chan<- struct{}) {
	var o order
	one := make([]byte, 1)
	if err := w.read(&o); err == nil && o.Begin != nil {
		close(begun)
		for err == nil {
			_, err = w.in.Read(one)
		}
	}
	w.signals.Orphaned()
}

// Begun sends progress until the run ends, if the driver has asked for it. It
// allocates everything before it returns.
func (w *workerSide) Begun(read func() engine.Progress, _ ui.Goal) (ended func()) {
	if !w.sendsProgress {
		return func() {}
	}
	ticker, quit, done := time.NewTicker(ui.RefreshEvery), make(chan struct{}), make(chan struct{})
	message := make([]byte, 0, 256)
	go func() {
		defer close(done)
		for {
			select {
			case <-quit:
				return
			case <-ticker.C:
				_ = w.write(appendProgress(message, read())) // awaitBegin notices a driver that is gone
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(quit)
		<-done
	}
}
