package ui

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// OneSignal is how long signals count as one. timeout(1) signals its child and then the
// process group of both, a shell and a service manager may do the same, and a terminal
// that closes sends SIGHUP from the kernel and from the shell. Nobody reads the hint and
// presses Ctrl-C again in that time.
const OneSignal = 200 * time.Millisecond

// Interrupts turns SIGINT, SIGTERM and SIGHUP into the end of a run: the first signal
// cancels the context, the second one ends the process at once.
type Interrupts struct {
	u       *UI
	cancel  context.CancelFunc
	signals chan os.Signal
	done    chan struct{}

	mu     sync.Mutex
	first  time.Time // of the first signal; zero: none yet
	hint   string    // printed at the first signal
	atOnce bool      // the next signal ends the process
	undo   func()    // called before the process ends at once
}

// Watch takes over the signals until Stop. It returns a context that the first one
// cancels. SIGHUP stays ignored in a process that was started so (nohup(1)).
func Watch(ctx context.Context, u *UI) (context.Context, *Interrupts) {
	ctx, cancel := context.WithCancel(ctx)
	i := &Interrupts{u: u, cancel: cancel, signals: make(chan os.Signal, 2), done: make(chan struct{}), undo: func() {}}
	signal.Notify(i.signals, unix.SIGINT, unix.SIGTERM)
	if !signal.Ignored(unix.SIGHUP) {
		signal.Notify(i.signals, unix.SIGHUP)
	}
	go i.loop()
	return ctx, i
}

// Stop restores the default effect of the signals and cancels the context. After a
// signal it leaves them as they are, because the process is about to end: by default,
// the repetition of that signal would replace its exit code and its last error lines.
func (i *Interrupts) Stop() {
	if i.interrupted() {
		return
	}
	signal.Stop(i.signals)
	close(i.done)
	i.cancel()
}

func (i *Interrupts) interrupted() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return !i.first.IsZero()
}

func (i *Interrupts) loop() {
	for {
		select {
		case sig := <-i.signals:
			i.signalled(sig)
		case <-i.done:
			return
		}
	}
}

func (i *Interrupts) signalled(sig os.Signal) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.first.IsZero() && time.Since(i.first) < OneSignal {
		return
	}
	i.u.endedBy(sig.(syscall.Signal)) // on Unix, every os.Signal is one
	if i.atOnce {
		i.exit()
	}
	i.first, i.atOnce = time.Now(), true
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
