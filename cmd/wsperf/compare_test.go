package main

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"wsperf/cmd/internal/ui"
)

// compared is an index, as far as the tests look into it.
type compared struct {
	Comparison struct {
		Interrupted bool
		Runs        []struct {
			Round, Testee int
			File, Problem string
		}
	}
}

const notFinished = "The comparison was not finished: later rounds are missing."

// testeeAt is the command of a testee that listens at an address, and its URL.
func testeeAt(address string) string {
	return "wsperf testee --listen " + address + " --loops 1@ws://" + address + "/"
}

// startComparison starts a comparison of two testees in six rounds. The second one listens at
// port 9102 of the host.
func startComparison(t *testing.T, folder, host, first string, more ...string) *program {
	t.Helper()
	args := []string{
		"compare", "one=" + first, "two=" + testeeAt(host+":9102"),
		"--rounds", "6", "--duration", "300ms", "--warmup", "10ms", "--low", "5", "--high", "10", "--cooling", "0s", "--out", folder,
	}
	return start(t, "wsperf", append(args, more...)...)
}

func readIndex(t *testing.T, folder string) (c compared) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "index.json"))
	if err != nil {
		return c // it has not been written yet
	}
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatalf("the index is not whole: %v", err)
	}
	return c
}

// awaitRuns waits until the index has so many runs.
func awaitRuns(t *testing.T, folder string, n int) {
	t.Helper()
	awaitThat(t, "runs in the index", func() bool { return len(readIndex(t, folder).Comparison.Runs) >= n })
}

// TestInterruptedComparison: a signal ends the run, what there is is reported, the testees are
// gone, and --resume makes the other runs, each one once.
func TestInterruptedComparison(t *testing.T) {
	t.Parallel()
	const host = "127.31.8.1"
	folder := filepath.Join(t.TempDir(), "results")
	p := startComparison(t, folder, host, testeeAt(host+":9101"))
	awaitRuns(t, folder, 3)
	signalTo(t, p, unix.SIGINT)
	endWith(t, p, ui.ExitSignalled+int(unix.SIGINT))
	if !strings.Contains(p.stdout.String(), notFinished) {
		t.Errorf("no report of what there is:\n%s", &p.stdout)
	}
	for _, address := range []string{host + ":9101", host + ":9102"} {
		if accepts(address) {
			t.Errorf("something still listens at %s", address)
		}
	}
	if c := readIndex(t, folder).Comparison; !c.Interrupted || len(c.Runs) < 3 || len(c.Runs) > 11 {
		t.Errorf("%d runs, interrupted: %v", len(c.Runs), c.Interrupted)
	}
	resume(t, folder)
}

// resume goes on with the comparison, and expects that every run was then made once.
func resume(t *testing.T, folder string) {
	t.Helper()
	p := start(t, "wsperf", "compare", "--resume", folder)
	endWith(t, p, ui.ExitDone)
	c := readIndex(t, folder).Comparison
	made := map[[2]int]bool{}
	for _, r := range c.Runs {
		made[[2]int{r.Round, r.Testee}] = true
		if _, err := os.Stat(filepath.Join(folder, r.File)); err != nil || r.Problem != "" {
			t.Errorf("%+v: %v", r, err)
		}
	}
	if len(c.Runs) != 12 || len(made) != 12 || c.Interrupted {
		t.Errorf("%d runs, %d different ones, interrupted: %v", len(c.Runs), len(made), c.Interrupted)
	}
	if strings.Contains(p.stdout.String(), notFinished) {
		t.Errorf("it is complete:\n%s", &p.stdout)
	}
}

// TestFolderThatGoesAway: one line says so, what was measured is printed, the testees are gone, and
// --resume goes on when the folder is back.
func TestFolderThatGoesAway(t *testing.T) {
	t.Parallel()
	const host = "127.31.8.5"
	folder := filepath.Join(t.TempDir(), "results")
	p := startComparison(t, folder, host, testeeAt(host+":9101"))
	awaitRuns(t, folder, 2)
	rename(t, folder, folder+"-elsewhere")
	stderr := endWith(t, p, ui.ExitFailed)
	expectLost(t, stderr, folder)
	for _, want := range []string{notFinished, "\n  one  ", "/s  "} {
		if !strings.Contains(p.stdout.String(), want) {
			t.Errorf("%q is not in\n%s", want, &p.stdout)
		}
	}
	if _, err := os.Stat(folder); err == nil {
		t.Error("the folder was made again")
	}
	if accepts(host+":9101") || accepts(host+":9102") {
		t.Error("a testee is left")
	}
	rename(t, folder+"-elsewhere", folder)
	resume(t, folder)
}

// expectLost expects one line besides those of runs: which file could not be written, why, and what to do.
func expectLost(t *testing.T, stderr, folder string) {
	t.Helper()
	var others []string
	for line := range strings.Lines(stderr) {
		if !strings.HasPrefix(line, "wsperf: round ") {
			others = append(others, line)
		}
	}
	begin := "wsperf: result file " + folder + "/"
	end := "when files can be written there again, go on with --resume " + folder + "\n"
	if len(others) != 1 || !strings.HasPrefix(others[0], begin) || !strings.HasSuffix(others[0], end) || !strings.Contains(others[0], ": no such file or directory: ") {
		t.Errorf("%q, want one line, from %q to %q", others, begin, end)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// TestKilledComparison: when wsperf is killed, no testee is left, and --resume goes on.
func TestKilledComparison(t *testing.T) {
	t.Parallel()
	const host = "127.31.8.2"
	folder := filepath.Join(t.TempDir(), "results")
	p := startComparison(t, folder, host, testeeAt(host+":9101"), "--restart", "never")
	awaitRuns(t, folder, 2)
	signalTo(t, p, unix.SIGKILL)
	awaitThat(t, "the end of the testees", func() bool { return !accepts(host+":9101") && !accepts(host+":9102") })
	shown := start(t, "wsperf", "compare", folder)
	endWith(t, shown, ui.ExitDone)
	if !strings.Contains(shown.stdout.String(), notFinished) {
		t.Errorf("it looks as if it was complete:\n%s", &shown.stdout)
	}
	resumed := start(t, "wsperf", "compare", "--resume", folder, "--quiet")
	endWith(t, resumed, ui.ExitDone)
	if strings.Contains(resumed.stdout.String(), notFinished) {
		t.Errorf("it is complete:\n%s", &resumed.stdout)
	}
}

// TestKilledInFirstRun: --resume goes on even if there is no result yet.
func TestKilledInFirstRun(t *testing.T) {
	t.Parallel()
	const host = "127.31.8.6"
	folder := filepath.Join(t.TempDir(), "results")
	p := startComparison(t, folder, host, testeeAt(host+":9101"), "--rounds", "5")
	awaitThat(t, "the first testee", func() bool { return accepts(host+":9101") || accepts(host+":9102") })
	signalTo(t, p, unix.SIGKILL)
	awaitThat(t, "the end of the testees", func() bool { return !accepts(host+":9101") && !accepts(host+":9102") })
	endWith(t, start(t, "wsperf", "compare", "--resume", folder, "--quiet"), ui.ExitDone)
}

// TestTesteeThatDies: one that ends in the middle of each run failed as a whole, and its last words
// are kept.
func TestTesteeThatDies(t *testing.T) {
	t.Parallel()
	const host = "127.31.8.3"
	folder := filepath.Join(t.TempDir(), "results")
	dying := "(sleep 0.15; echo \"it is \x1b[31mtoo much\" >&2; kill -9 $$) & exec " + testeeAt(host+":9101")
	p := startComparison(t, folder, host, dying)
	stderr := endWith(t, p, ui.ExitFailed)
	for _, want := range []string{
		"6 of 12 runs failed as a whole (one 6):", "one: the command ended while it was measured: was ended by a signal: killed", "| it is ?[31mtoo much", "only two has a value of rate",
	} {
		if !strings.Contains(p.stdout.String(), want) {
			t.Errorf("%q is not in\n%s", want, &p.stdout)
		}
	}
	if strings.Contains(stderr+p.stdout.String(), "\x1b[31m") {
		t.Error("what a testee says controls the terminal")
	}
}

// TestSomebodyElseListens: a command whose address is taken is not started.
func TestSomebodyElseListens(t *testing.T) {
	t.Parallel()
	const host = "127.31.8.4"
	folder := filepath.Join(t.TempDir(), "results")
	startServer(t, host+":9101")
	p := startComparison(t, folder, host, testeeAt(host+":9101"))
	endWith(t, p, ui.ExitFailed)
	if want := host + ":9101 accepts connections before its command was started: end what listens there"; !strings.Contains(p.stdout.String(), want) {
		t.Errorf("%q is not in\n%s", want, &p.stdout)
	}
}

func signalTo(t *testing.T, p *program, s unix.Signal) {
	t.Helper()
	if err := p.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// endWith expects an exit code, and returns what was written to standard error.
func endWith(t *testing.T, p *program, want int) string {
	t.Helper()
	stderr, code := p.end(t)
	if code != want {
		t.Errorf("exit code %d, want %d:\n%s%s", code, want, stderr, &p.stdout)
	}
	return stderr
}

// accepts reports whether a TCP connection can be established.
func accepts(address string) bool {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	_ = c.Close() // nothing was sent
	return true
}
