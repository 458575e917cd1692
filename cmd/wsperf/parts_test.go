package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/cmd/internal/ui"
)

// soon is long enough to start processes on a busy machine; if not, they are late and may be.
const soon = 2 * time.Second

// part starts part i of 3 of a run of 1000 connections.
func part(t *testing.T, i int, url string, more ...string) *program {
	t.Helper()
	return start(t, "wsperf", append([]string{"run", url, "--conns", "1000", "--warmup-conns", "20", "--low", "10", "--high", "20",
		"--shard", fmt.Sprintf("%d/3", i), "--max-late", "1m"}, more...)...)
}

// TestPartsMakeOneRun: no part begins before the moment, and together they make the whole load.
func TestPartsMakeOneRun(t *testing.T) {
	s, at := startServer(t, "127.0.0.1:0"), time.Now().Add(soon)
	moment := fmt.Sprintf("%d.%09d", at.Unix(), at.Nanosecond())
	var parts []*program
	var files []string
	for i := range 3 {
		files = append(files, filepath.Join(t.TempDir(), "part.json"))
		parts = append(parts, part(t, i, s.url(), "--start-at", moment, "--out", files[i], "--quiet"))
	}
	var total, warm uint64
	for i, p := range parts {
		r := endWell(t, p, files[i])
		total, warm = total+r.Success, warm+r.Load.LeftOut.Started
		if r.Started.Before(at) || int64(r.Total) != r.Setup.Connections || r.Total < 333 || r.Total > 334 {
			t.Errorf("part %d began at %v, before %v, or made %d of %d connections", i, r.Started, at, r.Total, r.Setup.Connections)
		}
	}
	if total != 1000 || warm != 20 {
		t.Errorf("%d successes after a warm-up of %d, want 1000 and 20", total, warm)
	}
}

// readyPart starts a part against a testee that nobody may connect to yet, and waits until it says that it is ready.
func readyPart(t *testing.T, url, when string, more ...string) (p *program, ready string) {
	t.Helper()
	ready = filepath.Join(t.TempDir(), "ready")
	p = part(t, 1, url, append(more, "--run-id", "r1", "--ready-file", ready, "--start-at", when)...)
	awaitThat(t, "the part to be ready", func() bool { return exists(ready) })
	return p, ready
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// TestSignalsWhileAPartWaits: the first one ends it, and nothing is left behind.
func TestSignalsWhileAPartWaits(t *testing.T) {
	at := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	for _, c := range []struct {
		when, note string
	}{{at, "waiting until " + at}, {"@missing", "waiting for the moment in missing"}} {
		for _, sig := range []unix.Signal{unix.SIGINT, unix.SIGTERM} {
			t.Run(c.when+" "+sig.String(), func(t *testing.T) {
				t.Parallel()
				file := filepath.Join(t.TempDir(), "result.json")
				p, ready := readyPart(t, refusing(t), c.when, "--out", file)
				line, err := p.stderr.ReadString('\n')
				if want := "wsperf: part 1/3 of run r1: " + c.note + " (Ctrl-C to give up)\n"; err != nil || line != want {
					t.Errorf("%q, %v, want %q", line, err, want)
				}
				signalTo(t, p, sig)
				if stderr, code := p.end(t); stderr != "wsperf: interrupted before the run began\n" || code != ui.ExitSignalled+int(sig) {
					t.Errorf("exit code %d, standard error %q", code, stderr)
				}
				if exists(ready) || exists(file) || p.stdout.Len() > 0 {
					t.Errorf("it leaves the ready file (%v), a result (%v) or says %q", exists(ready), exists(file), p.stdout.String())
				}
			})
		}
	}
}

// TestMomentInAFile: a part that is ready begins at the moment in a file that appears later, as Kubernetes has a
// folder appear: by a link that is renamed. Then it has the ready file until its end.
func TestMomentInAFile(t *testing.T) {
	t.Parallel()
	g := newGated(t, make(chan struct{}))
	dir := t.TempDir()
	link := func(to string) {
		if err := os.Symlink(to, filepath.Join(dir, "next")); err != nil {
			t.Fatal(err)
		}
		rename(t, filepath.Join(dir, "next"), filepath.Join(dir, "current"))
	}
	for _, name := range []string{"old", "new"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	link("old")
	p, ready := readyPart(t, g.url, "@"+filepath.Join(dir, "current", "begin"), "--quiet")
	at := time.Now().Add(200 * time.Millisecond)
	if err := os.WriteFile(filepath.Join(dir, "new", "begin"), []byte(at.Format(time.RFC3339Nano)), 0o600); err != nil {
		t.Fatal(err)
	}
	link("new")
	await(t, g.begun, "connection")
	if early := time.Until(at.Round(0)); early > 0 || !exists(ready) {
		t.Errorf("it began %v before the moment, or took the ready file away: %v", early, !exists(ready))
	}
	signalTo(t, p, unix.SIGINT)
	signalTo(t, p, unix.SIGINT) // counts as the first one
	awaitThat(t, "the end of the ready file", func() bool {
		signalTo(t, p, unix.SIGTERM) // the connections stay open: a second signal ends it at once
		time.Sleep(ui.OneSignal)
		return !exists(ready)
	})
	if stderr, _ := p.end(t); !strings.HasPrefix(stderr, hint) {
		t.Errorf("standard error %q", stderr)
	}
}
