package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/stats"
)

// stoppedRole is the environment variable that makes this test program a client that a
// test stops and continues. Its value is a stoppedConfig.
const stoppedRole = "WSPERF_TEST_STOPPED"

// stoppedConfig is the run of a client that is stopped.
type stoppedConfig struct {
	Addr        string
	Connections int64
	High        int
	Timeout     time.Duration // each
}

// stoppedReport is what it prints at its end.
type stoppedReport struct {
	Success uint64
	Causes  map[string]uint64
	Fin     stats.FinResult
	Client  stats.ClientCost
}

// stallLasts is how long a client is stopped: longer than its timeouts, which are longer
// than a testee takes for its answers even on a busy machine.
const (
	stallTimeout = 3 * time.Second
	stallLasts   = 3600 * time.Millisecond
)

func beStopped(text string) int {
	var c stoppedConfig
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		panic(err)
	}
	cfg := configTo(c.Addr)
	cfg.Load = Load{Connections: c.Connections, Low: c.High, High: c.High}
	cfg.ConnectTimeout, cfg.OpenTimeout, cfg.CloseTimeout = c.Timeout, c.Timeout, c.Timeout
	run, _, err := Prepare(cfg)
	if err != nil {
		panic(err)
	}
	defer run.Close()
	result, err := run.Do(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	report := stoppedReport{result.Success, map[string]uint64{}, result.Fin, result.Client}
	for cause, n := range causes(result) {
		report.Causes[cause.String()] = n
	}
	if err := json.NewEncoder(os.Stdout).Encode(report); err != nil {
		return 1
	}
	return 0
}

// TestStoppedClientChargesNoTimeout stops a client with SIGSTOP, as Ctrl-Z does, for longer
// than its timeouts, at several moments of a run with many connections. The testee answers
// meanwhile: what lies in the sockets is to be read before a timeout is charged.
func TestStoppedClientChargesNoTimeout(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes 15 s")
	}
	t.Parallel()
	const (
		connections, stops = 20000, 3
		inFlight           = 400 // in several waits; how long an answer takes grows with it
	)
	var served atomic.Int64
	reached := make(chan struct{}, stops)
	addr := scripted(t, func(p *peer) {
		echoClose(p)
		if served.Add(1)%(connections/(stops+1)) == 0 {
			select {
			case reached <- struct{}{}:
			default: // after the last stop
			}
		}
	})
	client := startStopped(t, stoppedConfig{addr, connections, inFlight, stallTimeout})
	for range stops {
		<-reached
		client.stop(t)
	}
	report := client.report(t)
	if report.Success != connections {
		t.Errorf("%d successes of %d, causes %v: the client's stall was charged to the testee", report.Success, connections, report.Causes)
	}
	checkStalls(t, report, stops)
}

// lateAnswer is a testee that answers a client only when told.
type lateAnswer struct {
	asked chan struct{} // it owes one more answer
	over  chan struct{} // closed: it answers
}

func (a lateAnswer) await() { a.asked <- struct{}{}; <-a.over }

// TestAnswersAfterTheStall: the testee answers only when the client runs again. A timeout
// counts the time in which the client waited.
func TestAnswersAfterTheStall(t *testing.T) {
	t.Parallel()
	const connections = 8
	for name, do := range map[string]func(*peer, lateAnswer){
		"open": func(p *peer, a lateAnswer) {
			p.request()
			a.await()
			p.say(p.accept())
			p.closeFrame()
			p.say(closeEmpty)
		},
		"close": func(p *peer, a lateAnswer) { p.open(""); p.closeFrame(); a.await(); p.say(closeEmpty) },
		"fin":   func(p *peer, a lateAnswer) { echoClose(p); a.await() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := lateAnswer{make(chan struct{}), make(chan struct{})}
			addr := scripted(t, func(p *peer) { do(p, answer) })
			client := startStopped(t, stoppedConfig{addr, connections, connections, stallTimeout})
			for range connections {
				<-answer.asked
			}
			client.stop(t)
			close(answer.over)
			report := client.report(t)
			if report.Success != connections || report.Fin.Timeout > 0 {
				t.Errorf("%d successes of %d, causes %v, ends of TCP %+v", report.Success, connections, report.Causes, report.Fin)
			}
			checkStalls(t, report, 1)
		})
	}
}

// checkStalls checks that the client has seen and counted that it was stopped.
func checkStalls(t *testing.T, report stoppedReport, stops int64) {
	t.Helper()
	c := report.Client
	least := time.Duration(stops) * stallLasts
	if c.Stalls < uint64(stops) || time.Duration(c.StalledUs)*time.Microsecond < least {
		t.Errorf("%d stalls of %d us in all; want %d of %v at least", c.Stalls, c.StalledUs, stops, least)
	}
}

// stopped is a running client.
type stopped struct {
	cmd *exec.Cmd
	out io.ReadCloser
}

func startStopped(t *testing.T, c stoppedConfig) stopped {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), stoppedRole+"="+string(text))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return stopped{cmd, out}
}

// stop stops the client for stallLasts.
func (s stopped) stop(t *testing.T) {
	t.Helper()
	pid := s.cmd.Process.Pid
	if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	// All its threads have stopped when wait(2) says so.
	if err := unix.Waitid(unix.P_PID, pid, nil, unix.WSTOPPED, nil); err != nil {
		t.Fatal(err)
	}
	time.Sleep(stallLasts)
	if err := unix.Kill(pid, unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
}

// report returns what the client prints at its end.
func (s stopped) report(t *testing.T) (report stoppedReport) {
	t.Helper()
	if err := json.NewDecoder(s.out).Decode(&report); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return report
}
