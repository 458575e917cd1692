package main

import (
	"bufio"
	"bytes"
	"errors"
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

	"wsperf/stats"
	"wsperf/stats/file"
)

// gated is a testee that holds back its responses until the gate is opened.
// With a high watermark of 1, each worker then holds one connection.
type gated struct {
	url   string
	gate  chan struct{} // closed: open; nil: never
	begun chan struct{} // gets one for each request that was seen
	gone  chan struct{} // gets one for each connection that the client has left; with no gate only
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
		_, _ = io.Copy(io.Discard, in) // until the client goes, in whatever way
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

// readHint expects the hint, behind the warning of a machine that has a single CPU.
func readHint(t *testing.T, p *program) {
	t.Helper()
	line, err := p.stderr.ReadString('\n')
	if strings.Contains(line, sharing) {
		line, err = p.stderr.ReadString('\n')
	}
	if line != driveHint {
		t.Fatalf("the signal printed %q: %v", line, err)
	}
}

func TestDriverInterrupted(t *testing.T) {
	gate, dir := make(chan struct{}), t.TempDir()
	g := newGated(t, gate)
	p := start(t, "wsperf", driven(g, dir, "1000000")...)
	awaitBoth(t, g.begun, "connection")
	if err := p.Process.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	readHint(t, p)
	close(gate)
	if stderr, code := p.end(t); stderr != "" || code != exitInterrupted {
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

// TestWorkersEndWithTheirDriver: at once, and without a result.
func TestWorkersEndWithTheirDriver(t *testing.T) {
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
			if err := p.Process.Signal(c.last); err != nil {
				t.Fatal(err)
			}
			if stderr, code := p.end(t); stderr != "" || p.stdout.Len() > 0 || c.last == unix.SIGINT && code != exitInterrupted {
				t.Errorf("exit code %d, standard error %q, standard output %q", code, stderr, p.stdout.String())
			}
			awaitBoth(t, g.gone, "end of a worker")
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v %v", left, err)
			}
		})
	}
}

// TestWorkerKilled kills the second worker in mid-run. An earlier run has left
// a good result in its place, which is not to be taken for its own.
func TestWorkerKilled(t *testing.T) {
	gate, dir := make(chan struct{}), t.TempDir()
	g := newGated(t, gate)
	c := newTestCrew(t, g, filepath.Join(dir, "result_%d.json"))
	leaveResult(t, filepath.Join(dir, "result_1.json"))
	c[1].earlier, _ = os.Stat(c[1].options.out) // as newWorker finds it
	c.start()
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		c.work(t.Context())
	}()
	awaitBoth(t, g.begun, "connection")
	pid := c[1].cmd.Process.Pid
	if group, err := unix.Getpgid(pid); group != pid {
		t.Errorf("process group %d, want %d: a Ctrl-C would reach the worker twice: %v", group, pid, err)
	}
	if err := c[1].cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	await(t, c[1].ended, "end of the killed worker")
	close(gate)
	await(t, finished, "end of the other worker")
	if err := c.failures(false); err == nil || err.Error() != "worker 1: signal: killed" {
		t.Errorf("failures: %v", err)
	}
	var out bytes.Buffer
	u := newUI(nil, &out, io.Discard)
	if err := errors.Join(c.harvest(false).analyze(u), u.out.Flush()); err != nil {
		t.Error(err)
	}
	for _, want := range []string{
		"Loading wsperf result file " + dir + "/result_0.json ..\n\nNot run: 5 of 10 (worker 1: signal: killed)\n\nAggregate results",
		"             Total:         5\n           Success:         5\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "result_1.json") {
		t.Errorf("the earlier run's file was loaded:\n%s", out.String())
	}
}

func newTestCrew(t *testing.T, g *gated, pattern string) crew {
	t.Helper()
	o := &driveOptions{url: g.url, workers: 2, conns: 5, low: 1, high: 1, pattern: pattern}
	d, err := newDrive(o, func(option string) bool { return option != flagSource })
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.crew()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, w := range c {
			if w.hold != nil {
				_ = w.hold.Close() // ends the worker if the test has failed
			}
		}
	})
	return c
}

// leaveResult makes a good result file of 7 connections.
func leaveResult(t *testing.T, path string) {
	t.Helper()
	gate := make(chan struct{})
	close(gate)
	p := start(t, "wsperf", "run", newGated(t, gate).url, "--conns", "7", "--out", path, "--quiet")
	if stderr, code := p.end(t); code != exitDone {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
}

// prepare starts a worker as its driver does, and returns when it is prepared.
func prepare(t *testing.T, args ...string) (p *exec.Cmd, word io.WriteCloser, rest *bufio.Reader) {
	t.Helper()
	path, err := exec.LookPath("wsperf")
	if err != nil {
		t.Fatal(err)
	}
	p = exec.Command(path, append([]string{"run", "--" + flagAwaitStart}, args...)...)
	word, wordErr := p.StdinPipe()
	out, outErr := p.StdoutPipe()
	if err := errors.Join(wordErr, outErr, p.Start()); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(patience, func() { _ = p.Process.Kill() })
	t.Cleanup(func() { timer.Stop() })
	rest = bufio.NewReader(out)
	if line, err := rest.ReadString('\n'); line != prepared+"\n" {
		t.Fatalf("first line %q: %v", line, err)
	}
	return p, word, rest
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

func TestWorkerBeginsAtTheWord(t *testing.T) {
	gate := make(chan struct{})
	close(gate)
	p, word, rest := prepare(t, newGated(t, gate).url, "--conns", "3")
	if _, err := word.Write([]byte{begin}); err != nil {
		t.Fatal(err)
	}
	if out, code := finish(t, p, rest); code != exitDone || !strings.Contains(out, "Success:         3\n") {
		t.Errorf("exit code %d, standard output is\n%s", code, out)
	}
}

// TestWorkerWithoutTheWord: a run that had begun would end with a report.
func TestWorkerWithoutTheWord(t *testing.T) {
	gate := make(chan struct{})
	close(gate)
	g := newGated(t, gate)
	p, _, rest := prepare(t, g.url, "--conns", "3")
	if err := p.Process.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	if out, code := finish(t, p, rest); code != exitInterrupted || out != "" || len(g.begun) > 0 {
		t.Errorf("exit code %d, %d connections, standard output is\n%s", code, len(g.begun), out)
	}
}

// TestWorkerWithoutItsDriver: without it, this connection would be waited for.
func TestWorkerWithoutItsDriver(t *testing.T) {
	g, file := newGated(t, nil), filepath.Join(t.TempDir(), "result.json")
	p, word, rest := prepare(t, g.url, "--conns", "1", "--open-timeout", "10m", "--out", file)
	if _, err := word.Write([]byte{begin}); err != nil {
		t.Fatal(err)
	}
	await(t, g.begun, "connection")
	if err := word.Close(); err != nil {
		t.Fatal(err)
	}
	if out, code := finish(t, p, rest); code != exitInterrupted || out != "" {
		t.Errorf("exit code %d, standard output is\n%s", code, out)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("a result file: %v", err)
	}
}
