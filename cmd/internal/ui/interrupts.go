package ui

import (
	"context"
	"os"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"
)

// Interrupts turns SIGINT and SIGTERM into the end of a run: the first signal
// cancels the context, the second one ends the process at once.
type Interrupts struct {
	u       *UI
	cancel  context.CancelFunc
	signals chan os.Signal
	done    chan struct{}

	mu     sync.Mutex
	hint   string // printed at the first signal
	atOnce bool   // the next signal ends the process
	undo   func() // called before the process ends at once
}

// Watch takes over the two signals until Stop. It returns a context that the
// first one cancels.
func Watch(ctx context.Context, u *UI) (context.Context, *Interrupts) {
	ctx, cancel := context.WithCancel(ctx)
	i := &Interrupts{u: u, cancel: cancel, signals: make(chan os.Signal, 2), done: make(chan struct{}), undo: func() {}}
	signal.Notify(i.signals, unix.SIGINT, unix.SIGTERM)
	go i.loop()
	return ctx, i
}

// Stop restores the default effect of the signals and cancels the context.
func (i *Interrupts) Stop() {
	signal.Stop(i.signals)
	close(i.done)
	i.cancel()
}

func (i *Interrupts) loop() {
	for {
		select {
		case <-i.signals:
			i.signalled()
		case <-i.done:
			return
		}
	}
}

func (i *Interrupts) signalled() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.atOnce {
		i.exit()
	}
	i.atOnce = true
	i.cancel()
	if i.hint != "" {
		i.u.Note(i.hint)
	}
}

// exit needs the lock.
func (i *Interrupts) exit() {
	i.undo()
	i.u.ExitAtOnce()
}

// OnFirst sets the line that is printed at the first signal.
func (i *Interrupts) OnFirst(hint string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.hint = hint
}

// Writing marks the end of the run. No connection is left to close, so the
// next signal ends the process.
func (i *Interrupts) Writing() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.atOnce = true
}

// OnExit sets what is done before the process ends at once.
func (i *Interrupts) OnExit(undo func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.undo = undo
}

// Orphaned ends the process at once, as a second signal does: the process that
// started it is gone, and nobody is left to use its result.
func (i *Interrupts) Orphaned() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.exit()
}
