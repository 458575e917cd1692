package engine

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/stats"
)

// TestStartsWaitForPorts: the high watermark is above the number of ports, and the testee
// does not answer until the client has none left.
func TestStartsWaitForPorts(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	const ports = 100
	setPortRange(t, ports)
	lacking := make(chan struct{})
	cfg := patient(t, scriptedOn(t, outsideRange, func(p *peer) { <-lacking; echoClose(p) }), 1000)
	cfg.Low, cfg.High = 2*ports, 2*ports
	run, _, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	go func() {
		defer close(lacking)
		observedRun{t, run}.until(func(p Progress) bool { return p.Started > ports })
	}()
	result, err := run.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	checkNothingHeld(t, run.loops[0])
	if result.Success != 1000 || result.Client.ShortageWaits == 0 {
		t.Errorf("%d successes of 1000 with %d waits, causes %v", result.Success, result.Client.ShortageWaits, causes(result))
	}
	// The wait is the client's: it counts in phase total, and not in phase connect.
	total, connect := result.Phases[stats.PhaseTotal].Success, result.Phases[stats.PhaseConnect].Success
	if least := shortageRest.Microseconds(); total.Max() < least {
		t.Errorf("longest total %d us, want %d at least", total.Max(), least)
	}
	if connect.Max() >= total.Max() {
		t.Errorf("longest connect %d us of a total of %d us", connect.Max(), total.Max())
	}
}

// TestShortageEndsAtConnectTimeout: a start that waits for a port fails after the connect
// timeout.
func TestShortageEndsAtConnectTimeout(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	const ports = 100
	setPortRange(t, ports)
	cfg := impatient(t, scriptedOn(t, outsideRange, func(p *peer) { p.silence() }), ports+2)
	cfg.Low, cfg.High, cfg.OpenTimeout = 2*ports, 2*ports, 2*time.Second
	result := do(t, cfg)
	if n := result.Causes[stats.CausePortsExhausted]; n != 2 || result.Causes[stats.CauseOpenTimeout] != ports {
		t.Errorf("causes %v, want 2 of client_ports_exhausted, %d of open_timeout", causes(result), ports)
	}
}

// TestInterruptEndsDeferredStarts: a start that waits for a port when the run is
// interrupted is not made any more, even if a port becomes free. It ends at once.
func TestInterruptEndsDeferredStarts(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	const ports = 100
	setPortRange(t, ports)
	interrupted := make(chan struct{})
	cfg := patient(t, scriptedOn(t, outsideRange, func(p *peer) { <-interrupted; echoClose(p) }), 1000)
	cfg.Low, cfg.High = 2*ports, 2*ports
	run, _, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer close(interrupted)
		seen := observedRun{t, run}
		seen.until(func(p Progress) bool { return p.Started > ports+2 })
		cancel()
		seen.until(func(p Progress) bool { return p.Fail > 0 }) // while all ports are in use
	}()
	result, err := run.Do(ctx)
	if err != nil {
		t.Fatal(err)
	}
	checkNothingHeld(t, run.loops[0])
	if n := result.Causes[stats.CauseInterrupted]; result.Success != ports || n != result.Total-ports || n != result.Fail {
		t.Errorf("%d started, %d successes, causes %v; want %d successes, and the others interrupted", result.Total, result.Success, causes(result), ports)
	}
}

// TestLoopWakesForDeferredStarts: the loop sleeps until the next attempt of a deferred start,
// or until the connect timeout if that is shorter, however long the batch before took.
func TestLoopWakesForDeferredStarts(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{
		time.Millisecond: time.Millisecond, 5 * time.Millisecond: 5 * time.Millisecond, time.Second: shortageRest,
	} {
		t.Run(timeout.String(), func(t *testing.T) {
			cfg := validConfig(t, "127.0.0.1:9")
			cfg.ConnectTimeout = timeout
			run, _, err := Prepare(cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer run.Close()
			l := run.loops[0]
			const now = int64(time.Hour)
			l.nowNs = now - int64(20*time.Millisecond) // read before a long batch
			l.stalls.read(now)
			l.enter(l.slots.take(), stateStarting, now)
			l.deferStart(&l.slots.all[0], now)
			_, l.askNs = l.pacer.next(now, l.inFlight, l.slots.open())
			if slept := time.Duration(l.sleepNs()); slept != want {
				t.Errorf("the loop sleeps for %v, want %v", slept, want)
			}
		})
	}
}

// TestBriefShortagesFailNoConnection has strace(1) inject errors of a shortage into some of
// a client's system calls.
func TestBriefShortagesFailNoConnection(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it traces eight processes")
	}
	t.Parallel()
	strace := straceOrSkip(t)
	addr := startTestee(t)
	for _, injected := range []string{
		"socket:error=EMFILE:when=1..3", "socket:error=ENFILE:when=1..3", "socket:error=ENOBUFS:when=1..3", "socket:error=ENOMEM:when=1..3",
		"connect:error=EADDRNOTAVAIL:when=1..3", "connect:error=ENOBUFS:when=1..3",
		"connect:error=EADDRNOTAVAIL:when=5..7", "shutdown:error=ENOBUFS:when=5..7", // of kept sockets
	} {
		t.Run(injected, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "calls")
			cmd := exec.Command(strace, "-f", "-qq", "-e", "trace=socket,connect,shutdown", "-e", "signal=none", "-e", "inject="+injected, "-o", file, os.Args[0])
			cmd.Env = append(os.Environ(), clientRole+"="+addr)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			text, err := os.ReadFile(file)
			calls := strings.Join(linesOfLoop(string(text)), "\n")
			if n := strings.Count(calls, "(INJECTED)"); err != nil || n != 3 {
				t.Errorf("%d calls failed, want 3: %v", n, err)
			}
		})
	}
}

// TestShortageHoldsStarts: after a shortage, no connection is started for shortageRest.
func TestShortageHoldsStarts(t *testing.T) {
	run, _, err := Prepare(impatient(t, "127.0.0.1:9", 10))
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	l := run.loops[0]
	s := l.slots.take()
	l.enter(s, stateConnecting, 0)
	fd, errno := openSocket(unix.AF_INET)
	if errno != 0 {
		t.Fatal(errno)
	}
	s.fd = fd
	l.deferStart(s, 0)
	if s.fd != noFD {
		t.Error("the slot still has the closed descriptor")
	}
	rest := int64(shortageRest)
	for nowNs, want := range map[int64]bool{0: false, rest - 1: false, rest: true} {
		if say, _ := l.pacer.next(nowNs, 0, 0); say.starts() != want {
			t.Errorf("%d ns after a shortage, a start is allowed: %v, want %v", nowNs, !want, want)
		}
	}
	if l.shortageWaits != 1 || l.queues[queueRetry].expired(l.slots.all, rest) != s.index {
		t.Errorf("%d waits, next retry of slot %d: want 1, and slot %d", l.shortageWaits, l.queues[queueRetry].expired(l.slots.all, rest), s.index)
	}
}
