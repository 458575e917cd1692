package engine

import (
	"context"
	"io"
	"net"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/engine/host"
	"wsperf/stats"
)

// echoClose does both handshakes as RFC 6455 requires of a server.
func echoClose(p *peer) {
	p.open("")
	p.closeFrame()
	p.say("\x88\x02\x03\xe8")
}

func TestRefused(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	listener.Close()
	result := do(t, patient(t, addr, 100))
	if result.Causes[stats.CauseConnectRefused] != 100 || result.Fail != 100 {
		t.Errorf("causes %v, want connect_refused for all 100", causes(result))
	}
	if n := result.Phases[stats.PhaseTotal].Failure.TotalCount(); n != 100 {
		t.Errorf("%d failed totals recorded, want 100", n)
	}
}

func TestRunOverIPv6(t *testing.T) {
	if result := do(t, patient(t, scriptedOn(t, "[::1]:0", echoClose), 20)); result.Success != 20 {
		t.Errorf("%d successes of 20, causes %v", result.Success, causes(result))
	}
}

// TestEndOfTCP checks that a connection with both handshakes complete is a success
// whether or not the testee closes TCP as RFC 6455 section 7.1.1 requires.
func TestEndOfTCP(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(*peer)
		want stats.FinResult
	}{
		{"FIN", echoClose, stats.FinResult{Received: 20}},
		{"RST", func(p *peer) { echoClose(p); p.reset() }, stats.FinResult{Reset: 20}},
		{"neither", func(p *peer) { echoClose(p); p.silence() }, stats.FinResult{Timeout: 20}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := patient(t, scripted(t, c.do), 20)
			if c.want.Timeout > 0 {
				cfg = hurry(cfg, stats.CauseCloseTimeout)
			}
			result := do(t, cfg)
			if result.Fin != c.want || result.Success != 20 {
				t.Errorf("%+v with %d successes, want %+v with 20", result.Fin, result.Success, c.want)
			}
		})
	}
}

// TestFINHasItsOwnTimeout: it begins at the testee's close frame. A FIN that came with the
// close frame needs none.
func TestFINHasItsOwnTimeout(t *testing.T) {
	run, _, err := Prepare(patient(t, "127.0.0.1:9", 2))
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	l := run.loops[0]
	l.baseline = time.Now()
	closing := func() *slot {
		s := l.slots.take()
		l.enter(s, stateClosing, -int64(l.cfg.CloseTimeout)) // has timed out
		l.rec.Start()
		l.closeReceived(s)
		return s
	}
	s := closing()
	l.finish(s, s.phaseNs)
	if want := s.phaseNs + int64(l.cfg.CloseTimeout); s.state != stateFinishing || s.deadlineNs != want || l.queues[queueFin].first != s.index {
		t.Errorf("state %d with deadline %d, first armed %d; want finishing, %d, %d", s.state, s.deadlineNs, l.queues[queueFin].first, want, s.index)
	}
	with := closing()
	with.wire = wireFIN
	l.finish(with, with.phaseNs)
	if _, success, _ := l.rec.Counts(); success != 1 || with.state != stateFree || l.queues[queueFin].last != s.index {
		t.Errorf("%d successes, state %d, last armed %d; want 1, free, %d", success, with.state, l.queues[queueFin].last, s.index)
	}
}

// TestSuccessHasAllPhases: every success has a value for every phase, and a record in the
// log. No start of a closed loop is late.
func TestSuccessHasAllPhases(t *testing.T) {
	cfg := patient(t, scripted(t, echoClose), 50)
	cfg.Log = true
	result := do(t, cfg)
	for p := range stats.PhaseLate {
		if n := result.Phases[p].Success.TotalCount(); n != 50 {
			t.Errorf("phase %v has %d values, want 50", p, n)
		}
	}
	if n := result.Phases[stats.PhaseLate].Success.TotalCount(); n != 0 {
		t.Errorf("%d starts of a closed loop are late", n)
	}
	records := 0
	for _, log := range result.Log {
		for r := range log.All() {
			records++
			if r.Failed || r.ConnectUs == 0 || r.OpenUs == 0 {
				t.Errorf("record %+v of a success", r)
			}
		}
	}
	if records != 50 {
		t.Errorf("%d records in the log, want 50", records)
	}
}

func TestStatusCodesAreCounted(t *testing.T) {
	var n atomic.Int64
	result := do(t, patient(t, scripted(t, func(p *peer) {
		p.request()
		p.say([]string{"HTTP/1.1 403 Forbidden\r\n\r\n", "HTTP/1.1 503 Busy\r\n\r\n"}[n.Add(1)%2])
	}), 20))
	if result.StatusCodes[403] != 10 || result.StatusCodes[503] != 10 {
		t.Errorf("status codes %v, want 10 of 403 and 10 of 503", result.StatusCodes)
	}
}

// TestPingBeforeOurCloseFrameIsAnswered: "an endpoint MUST send a Pong frame in response,
// unless it already received a Close frame" (RFC 6455 section 5.5.2).
func TestPingBeforeOurCloseFrameIsAnswered(t *testing.T) {
	got := make(chan []byte, 1)
	result := do(t, patient(t, scripted(t, func(p *peer) {
		p.open("\x89\x01a\x89\x02bc")
		frames := make([]byte, 8+8)
		_, _ = io.ReadFull(p.r, frames)
		got <- frames
		p.say(closeEmpty)
	}), 1))
	if result.Success != 1 {
		t.Fatalf("causes %v", causes(result))
	}
	frames := <-got
	pong, mask := frames[:8], frames[2:6]
	if pong[0] != 0x8a || pong[1] != 0x82 || pong[6]^mask[0] != 'b' || pong[7]^mask[1] != 'c' {
		t.Errorf("first frame % x, want a masked pong with \"bc\", the latest ping's payload", pong)
	}
	if frames[8] != 0x88 || frames[9] != 0x82 {
		t.Errorf("second frame % x, want a masked close frame", frames[8:])
	}
}

// TestCloseCode: our close frame has the configured code, or the testee's if it closes
// first.
func TestCloseCode(t *testing.T) {
	for _, c := range []struct {
		name, more string
		want       uint16
	}{
		{"ours", "", 4000},
		{"echoed", "\x88\x02\x03\xe9", 1001},
		{"testee sends none", closeEmpty, 4000},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := make(chan []byte, 1)
			cfg := patient(t, scripted(t, func(p *peer) {
				p.open(c.more)
				got <- p.closeFrame()
				p.say(closeEmpty)
			}), 1)
			cfg.CloseCode = 4000
			do(t, cfg)
			frame := <-got
			code := uint16(frame[6]^frame[2])<<8 | uint16(frame[7]^frame[3])
			if frame[0] != 0x88 || frame[1] != 0x82 || code != c.want {
				t.Errorf("close frame % x with code %d, want %d", frame, code, c.want)
			}
		})
	}
}

// TestInterrupt: after an interrupt nothing is started any more. Connections that the
// testee answers end as usual; the others are given up after one close timeout.
func TestInterrupt(t *testing.T) {
	var served atomic.Int64
	ctx, cancel := context.WithCancel(context.Background())
	cfg := patient(t, scripted(t, func(p *peer) {
		if served.Add(1) > 20 {
			cancel()
			p.silence()
			return
		}
		echoClose(p)
	}), 1000000)
	cfg.CloseTimeout = short // the grace after an interrupt
	cfg.OpenTimeout = time.Minute
	result := doUntil(t, ctx, cfg)
	if !result.Interrupted || result.Success != 20 {
		t.Errorf("interrupted %v with %d successes, want 20", result.Interrupted, result.Success)
	}
	if n := result.Causes[stats.CauseInterrupted]; n == 0 || n != result.Fail || n > 4 {
		t.Errorf("causes %v, want 1 to 4 interrupted", causes(result))
	}
}

// TestRunByDuration: the run ends by itself, with every connection that it started.
func TestRunByDuration(t *testing.T) {
	cfg := patient(t, scripted(t, echoClose), 0)
	cfg.Duration = 200 * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // far beyond the duration
	defer cancel()
	result := doUntil(t, ctx, cfg)
	if result.Interrupted || result.Success == 0 || result.Success != result.Total {
		t.Errorf("%d successes of %d, interrupted %v", result.Success, result.Total, result.Interrupted)
	}
	if lasted := result.Ended.Sub(result.Started); lasted < cfg.Duration {
		t.Errorf("lasted %v, want at least %v", lasted, cfg.Duration)
	}
}

// TestLoopSleepsWhileTheLastConnectionsEnd: the end of the duration wakes the loop once
// and does not keep it awake.
func TestLoopSleepsWhileTheLastConnectionsEnd(t *testing.T) {
	cfg := validConfig(t, "127.0.0.1:9")
	cfg.Connections, cfg.Duration = 0, time.Second
	run, _, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	l := run.loops[0]
	for _, step := range []struct {
		now  time.Duration
		want time.Duration
	}{{999500 * time.Microsecond, 500 * time.Microsecond}, {time.Second, maxSleep}, {2 * time.Second, maxSleep}} {
		l.stalls.read(int64(step.now))
		_, l.askNs = l.pacer.next(int64(step.now), cfg.High, 0)
		if slept := time.Duration(l.sleepNs()); slept != step.want {
			t.Errorf("at %v the loop sleeps for %v, want %v", step.now, slept, step.want)
		}
	}
}

// TestHighWatermarkHolds: the testee never has more opening handshakes at once.
func TestHighWatermarkHolds(t *testing.T) {
	var opening, most atomic.Int64
	cfg := patient(t, scripted(t, func(p *peer) {
		for n := opening.Add(1); ; {
			if old := most.Load(); n <= old || most.CompareAndSwap(old, n) {
				break
			}
		}
		p.request()
		opening.Add(-1) // before the response: wsperf cannot have started another yet
		p.say(p.accept())
		p.closeFrame()
		p.say(closeEmpty)
	}), 2000)
	cfg.Loops, cfg.Low, cfg.High = 3, 5, 7
	result := do(t, cfg)
	if result.Success != 2000 || most.Load() > 7 {
		t.Errorf("%d successes, %d in flight at once; want 2000 and at most 7", result.Success, most.Load())
	}
	if result.Throttled == 0 || result.Resumed < result.Throttled {
		t.Errorf("throttled %d times, resumed %d times; want some, and at least as many", result.Throttled, result.Resumed)
	}
}

func TestDoRunsOnce(t *testing.T) {
	run, _, err := Prepare(patient(t, scripted(t, echoClose), 1))
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	if _, err := run.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Do(t.Context()); err == nil {
		t.Error("a second Do of the same run succeeded")
	}
}

func TestPinToForbiddenCPUFailsBeforeTheStart(t *testing.T) {
	cfg := impatient(t, "127.0.0.1:1", 10)
	cfg.CPUs = []int{host.MaxCPUs - 1}
	run, _, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	if _, err := run.Do(t.Context()); err == nil {
		t.Error("a loop was pinned to a CPU that does not exist")
	}
	if p := run.Progress(); p.Started != 0 {
		t.Errorf("%d connections were started", p.Started)
	}
}

// TestCloseFrameThatDoesNotFit: if the send buffer is full, the close frame is sent later,
// at EPOLLOUT.
func TestCloseFrameThatDoesNotFit(t *testing.T) {
	t.Run("ours first", func(t *testing.T) { checkLateCloseFrame(t, stateClosing) })
	t.Run("testee's first", func(t *testing.T) { checkLateCloseFrame(t, stateFinishing) })
}

func checkLateCloseFrame(t *testing.T, state state) {
	t.Helper()
	run, _, err := Prepare(validConfig(t, "127.0.0.1:9"))
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	l := run.loops[0]
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := int32(pair[0]), int32(pair[1])
	defer closeSocket(theirs)
	defer closeSocket(ours)
	filled := fillSendBuffer(ours)
	s := l.slots.take()
	s.fd = ours
	l.enter(s, stateClosing, 0)
	event := s.event(interestRead)
	if errno := l.poller.control(unix.EPOLL_CTL_ADD, ours, &event); errno != 0 {
		t.Fatal(errno)
	}
	l.outbox = append(l.outbox[:0], "12345678"...)
	if l.writeFrames(s) != 0 || s.buffer == noBuffer {
		t.Fatal("a full send buffer was an error, or the frame was not kept")
	}
	if state == stateFinishing {
		l.enter(s, state, 0)
	}
	if frame := string(readWhileDispatching(l, theirs, filled+8)[filled:]); frame != "12345678" {
		t.Errorf("the testee got %q", frame)
	}
}

// fillSendBuffer writes until the socket takes no more, and returns the number of bytes.
func fillSendBuffer(fd int32) (filled int) {
	for {
		n, errno := sendSocket(fd, make([]byte, 4096))
		if errno != 0 {
			return filled
		}
		filled += n
	}
}

// readWhileDispatching reads count bytes at the testee's end while the loop handles its
// events. Bytes that do not come in 10000 tries are 0.
func readWhileDispatching(l *loop, fd int32, count int) []byte {
	got := make([]byte, count)
	n := 0
	for tries := 0; n < count && tries < 10000; tries++ {
		if k, errno := receiveSocket(fd, got[n:]); errno == 0 {
			n += k
		}
		for _, ev := range l.poller.poll() {
			l.dispatch(&ev)
		}
	}
	return got
}

// TestSleepingLoopsDoNotDelayStopTheWorld counts garbage collections, which stop the
// world, while loops sleep. About a thousand fit into this second on an idle machine. If a
// signal did not wake the loops, each would last as long as a sleep: the bound is twice as
// many as could be then, however busy the machine is.
func TestSleepingLoopsDoNotDelayStopTheWorld(t *testing.T) {
	cfg := withTimeouts(t, scripted(t, (*peer).silence), 4, time.Second)
	cfg.Loops = 2
	run, _, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, err = run.Do(context.Background())
	}()
	collections, began := 0, time.Now()
	for {
		select {
		case <-ended:
			if atLeast := int(2 * time.Since(began) / maxSleep); err != nil || collections < atLeast {
				t.Errorf("%d collections while the loops slept, want %d: %v", collections, atLeast, err)
			}
			return
		default:
			runtime.GC()
			collections++
		}
	}
}

// home is the name of this process before any test.
var home, _ = os.ReadFile("/proc/self/comm")

// TestMainThreadKeepsItsName: more loops than the runtime has threads, and none on the main
// one, whose name is the process's.
func TestMainThreadKeepsItsName(t *testing.T) {
	cfg := patient(t, scripted(t, echoClose), 320)
	cfg.Low, cfg.High, cfg.Loops = 160, 160, 160
	if r := do(t, cfg); r.Success != 320 || len(r.Loops) != cfg.Loops {
		t.Errorf("%d successes of %d loops, want 320 of %d", r.Success, len(r.Loops), cfg.Loops)
	}
	if name, err := os.ReadFile("/proc/self/comm"); string(name) != string(home) {
		t.Errorf("the process is called %q, before %q: %v", name, home, err)
	}
}
