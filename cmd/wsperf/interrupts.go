package main

import (
	"context"
	"os"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"
)

// interrupts turns SIGINT and SIGTERM into the end of a run: the first one
// cancels the context, the second one ends the process at once.
type interrupts struct {
	u       *ui
	cancel  context.CancelFunc
	signals chan os.Signal
	done    chan struct{}

	mu     sync.Mutex
	hint   string // printed at the first signal
	atOnce bool   // the next signal ends the process
	undo   func() // run before the process ends at once
}

// watch begins to take signals. stop gives them back.
func watch(ctx context.Context, u *ui) (context.Context, *interrupts) {
	ctx, cancel := context.WithCancel(ctx)
	i := &interrupts{u: u, cancel: cancel, signals: make(chan os.Signal, 2), done: make(chan struct{}), undo: func() {}}
	signal.Notify(i.signals, unix.SIGINT, unix.SIGTERM)
	go i.loop()
	return ctx, i
}

func (i *interrupts) stop() {
	signal.Stop(i.signals)
	close(i.done)
	i.cancel()
}

func (i *interrupts) loop() {
	for {
		select {
		case <-i.signals:
			i.signalled()
		case <-i.done:
			return
		}
	}
}

func (i *interrupts) signalled() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.atOnce {
		i.undo()
		i.u.exitAtOnce()
	}
	i.atOnce = true
	i.cancel()
	if i.hint != "" {
		i.u.note(i.hint)
	}
}

// onFirst sets the line that is printed at the first signal.
func (i *interrupts) onFirst(hint string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.hint = hint
}

// writing says that the run is over: there is nothing left to end gracefully,
// so the next signal ends the process.
func (i *interrupts) writing() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.atOnce = true
}

// onExit sets what is done before the process ends at once.
func (i *interrupts) onExit(undo func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.undo = undo
}
