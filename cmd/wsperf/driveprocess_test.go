package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/sys/unix"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/ui"
	"wsperf/stats"
	"wsperf/stats/file"
)

// gated is a testee that holds back its responses until the gate is opened.
// With a high watermark of 1, each worker then holds one connection.
type gated struct {
	url   string
	gate  chan struct{} // closed: open; nil: never
	begun chan struct{} // gets one for each request that was seen
	gone  chan struct{} // gets one for each connection that the client has closed; only without a gate
}

func newGated(t *testing.T, gate chan struct{}) *gated {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	g := &gated{url: "ws://" + l.Addr().String() + "/", gate: gate, begun: make(chan struct{}, 2), gone: make(chan struct{}, 2)}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go g.serve(c)
		}
	}()
	return g
}

func (g *gated) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	_, _ = in.Peek(1) // the next step fails if this one does
	tell(g.begun)
	if g.gate == nil {
		_, _ = io.Copy(io.Discard, in) // until the client closes
		tell(g.gone)
		return
	}
	<-g.gate
	talk := struct {
		io.Reader
		io.Writer
	}{in, c}
	if _, err := ws.Upgrade(talk); err != nil {
		return
	}
	if head, err := ws.ReadHeader(in); err == nil && head.OpCode == ws.OpClose {
		_, _ = io.CopyN(io.Discard, in, head.Length)
		_ = ws.WriteFrame(c, ws.NewCloseFrame(nil)) // the client sees it, or the test fails
	}
}

// driven is the command line of two workers that hold one connection each.
func driven(g *gated, dir, conns string) []string {
	return []string{"drive", "--wsuri", g.url, "--workers", "2", "--conns", conns, "--lowmark", "1", "--highmark", "1",
		"--resultfile", filepath.Join(dir, "result_%d.json")}
}

func awaitBoth(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	await(t, c, "first "+what)
	await(t, c, "second "+what)
}

const driveHint = "wsperf: interrupted: the workers close open connections (again to stop at once)\n"

// readHint expects the hint. On a machine with a single CPU it follows a warning.
func readHint(t *testing.T, p *program) {
	t.Helper()
	line, err := p.stderr.ReadString('\n')
	if strings.Contains(line, "more than one loop per CPU") {
		line, err = p.stderr.ReadString('\n')
	}
	if line != driveHint {
		t.Fatalf("the signal printed %q: %v", line, err)
	}
}

func TestDriverInterrupted(t *testing.T) {
	t.Parallel()
	gate, dir := make(chan struct{}), t.TempDir()
	g := newGated(t, gate)
	p := start(t, "wsperf", driven(g, dir, "1000000")...)
	awaitBoth(t, g.begun, "connection")
	if err := p.Process.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	readHint(t, p)
	close(gate)
	if stderr, code := p.end(t); stderr != "" || code != ui.ExitInterrupted {
		t.Errorf("exit code %d, standard error %q", code, stderr)
	}
	out := p.stdout.String()
	if !strings.Contains(out, "result_1.json ..\n\nAggregate results") || !strings.Contains(out, "interrupted") || !strings.HasSuffix(out, "\n\n\nAnalyze done.\n") {
		t.Errorf("standard output is\n%s", out)
	}
	for _, name := range []string{"result_0.json", "result_1.json"} {
		if r := readBack(t, filepath.Join(dir, name)); !r.Interrupted {
			t.Errorf("%s is not marked as interrupted", name)
		}
	}
}

func readBack(t *testing.T, path string) *stats.Result {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := file.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestWorkersEndWithTheirDriver checks that workers end at once, without a result.
func TestWorkersEndWithTheirDriver(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		last unix.Signal
	}{{"second signal", unix.SIGINT}, {"killed", unix.SIGKILL}} {
		t.Run(c.name, func(t *testing.T) {
			g, dir := newGated(t, nil), t.TempDir()
			p := start(t, "wsperf", driven(g, dir, "5")...)
			awaitBoth(t, g.begun, "connection")
			if err := p.Process.Signal(unix.SIGINT); err != nil {
				t.Fatal(err)
			}
			readHint(t, p)
			afterFirst()
			if err := p.Process.Signal(c.last); err != nil {
				t.Fatal(err)
			}
			if stderr, code := p.end(t); stderr != "" || p.stdout.Len() > 0 || c.last == unix.SIGINT && code != ui.ExitInterrupted {
				t.Errorf("exit code %d, standard error %q, standard output %q", code, stderr, p.stdout.String())
			}
			awaitBoth(t, g.gone, "end of a worker")
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v %v", left, err)
			}
		})
	}
}

// startWorker starts a worker, sends it the options in a setup message as a driver
// does, and returns when it is prepared.
func startWorker(t *testing.T, options job.Options) (p *exec.Cmd, in io.WriteCloser, out *bufio.Reader) {
	t.Helper()
	path, err := exec.LookPath("wsperf")
	if err != nil {
		t.Fatal(err)
	}
	p = exec.Command(path, "worker")
	in, inErr := p.StdinPipe()
	stdout, outErr := p.StdoutPipe()
	if err := errors.Join(inErr, outErr, p.Start()); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(patience, func() { _ = p.Process.Kill() })
	t.Cleanup(func() { timer.Stop() })
	setup := map[string]any{"setup": map[string]any{"options": options}}
	if err := json.NewEncoder(in).Encode(setup); err != nil {
		t.Fatal(err)
	}
	out = bufio.NewReader(stdout)
	if line, err := out.ReadString('\n'); line != "{\"prepared\":{\"warnings\":null}}\n" {
		t.Fatalf("first line %q: %v", line, err)
	}
	return p, in, out
}

// connections returns the options for n connections to the testee.
func connections(g *gated, n int64, out string) job.Options {
	o := job.Default()
	o.URL, o.Connections, o.Out = g.url, n, out
	return o
}

func sayBegin(t *testing.T, in io.Writer) {
	t.Helper()
	if _, err := io.WriteString(in, "{\"begin\":{}}\n"); err != nil {
		t.Fatal(err)
	}
}

func finish(t *testing.T, p *exec.Cmd, rest *bufio.Reader) (stdout string, code int) {
	t.Helper()
	text, err := io.ReadAll(rest)
	if err != nil {
		t.Fatal(err)
	}
	_ = p.Wait() // the exit code says it all
	return string(text), p.ProcessState.ExitCode()
}

func TestWorkerBeginsWhenToldTo(t *testing.T) {
	gate, file := make(chan struct{}), filepath.Join(t.TempDir(), "result.json")
	close(gate)
	p, in, rest := startWorker(t, connections(newGated(t, gate), 3, file))
	sayBegin(t, in)
	want := fmt.Sprintf("{\"result\":{\"file\":%q,\"exit\":0,\"errors\":null}}\n", file)
	if out, code := finish(t, p, rest); code != ui.ExitDone || out != want {
		t.Errorf("exit code %d, standard output %q, want %q", code, out, want)
	}
	if r := readBack(t, file); r.Success != 3 {
		t.Errorf("%d successes", r.Success)
	}
}

// TestWorkerInterruptedBeforeBegin checks that the worker makes no connection.
func TestWorkerInterruptedBeforeBegin(t *testing.T) {
	gate := make(chan struct{})
	close(gate)
	g := newGated(t, gate)
	p, _, rest := startWorker(t, connections(g, 3, ""))
	if err := p.Process.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	want := "{\"result\":{\"file\":\"\",\"exit\":130,\"errors\":[\"interrupted before the run began\"]}}\n"
	if out, code := finish(t, p, rest); code != ui.ExitInterrupted || out != want || len(g.begun) > 0 {
		t.Errorf("exit code %d, %d connections, standard output %q", code, len(g.begun), out)
	}
}

// TestWorkerWithoutItsDriver checks that a worker does not wait for its open connection
// when its driver is gone.
func TestWorkerWithoutItsDriver(t *testing.T) {
	g, file := newGated(t, nil), filepath.Join(t.TempDir(), "result.json")
	o := connections(g, 1, file)
	o.OpenTimeoutUs = (10 * time.Minute).Microseconds()
	p, in, rest := startWorker(t, o)
	sayBegin(t, in)
	await(t, g.begun, "connection")
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if out, code := finish(t, p, rest); code != ui.ExitInterrupted || out != "" {
		t.Errorf("exit code %d, standard output is\n%s", code, out)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("a result file: %v", err)
	}
}

// TestWorkerWithoutADriver checks the error for a user who starts a worker.
func TestWorkerWithoutADriver(t *testing.T) {
	for _, input := range []string{"", "hello\n", "{}\n", "{\"begin\":{}}\n"} {
		var out, complaint bytes.Buffer
		code := run([]string{"worker"}, strings.NewReader(input), &out, &complaint)
		if code != ui.ExitFailed || out.Len() > 0 || !strings.HasPrefix(complaint.String(), "wsperf: no setup on standard input: a worker must be started by wsperf drive") {
			t.Errorf("%q: exit code %d, standard output %q, standard error %q", input, code, out.String(), complaint.String())
		}
	}
}

// TestHeadersAreNotInTheProcessList checks a worker's command line, which every user
// can read (proc_pid_cmdline(5)).
func TestHeadersAreNotInTheProcessList(t *testing.T) {
	g, dir := newGated(t, nil), t.TempDir()
	p := start(t, "wsperf", append(driven(g, dir, "5"), "--header", "Cookie: secret", "--workers", "1")...)
	await(t, g.begun, "connection")
	worker, found := childOf(t, p.Process.Pid)
	if !found {
		t.Fatal("no worker")
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", worker))
	if err != nil || string(line) != "wsperf\x00worker\x00" {
		t.Errorf("the command line is %q, %v", line, err)
	}
}
