package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"wsperf/cmd/internal/ui"
)

// inShell runs a command line of a shell, in which run stands for a short run.
func inShell(t *testing.T, line string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, "sh", "-c", strings.ReplaceAll(line, "run", "wsperf run --conns 100 --quiet"))
	cmd.Dir, cmd.Stdout, cmd.Stderr = t.TempDir(), &out, &errs
	_ = cmd.Run() // the exit code says it all
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func TestClosedStandardOutput(t *testing.T) {
	t.Parallel()
	const lost = "wsperf: standard output is closed, and the result would be lost: redirect it, or give --out FILE (/dev/null to do without)\n"
	for line, want := range map[string]struct {
		stderr string
		code   int
	}{
		"run >&-":                             {lost, ui.ExitFailed},
		"wsperf ws://127.0.0.1:1 1 1 1 1 >&-": {lost, ui.ExitFailed},
		"run --out - >&-":                     {lost, ui.ExitFailed},
		"run --json >&-":                      {lost, ui.ExitFailed},
		"run >/dev/null":                      {"", ui.ExitDone},
		"run >&- --out result.json":           {"", ui.ExitDone}, // the result is in the file
		"run <&-":                             {"", ui.ExitDone},
		"run 2>&-":                            {"", ui.ExitDone},
	} {
		if _, stderr, code := inShell(t, line); stderr != want.stderr || code != want.code {
			t.Errorf("%s: exit code %d, standard error %q, want %d, %q", line, code, stderr, want.code, want.stderr)
		}
	}
}

func TestResultOnStandardOutput(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := inShell(t, "run --quiet=false --out -; ls")
	var result struct{ Success int }
	text, found := strings.CutSuffix(stdout, "}\n")
	if err := json.Unmarshal([]byte(text+"}"), &result); err != nil || !found || result.Success != 100 || code != ui.ExitDone {
		t.Errorf("exit code %d, %v, not a result alone: %q", code, err, stdout)
	}
	if !strings.HasPrefix(stderr, "Aggregate results") {
		t.Errorf("standard error is not the report: %q", stderr)
	}
	if again, stderr, _ := inShell(t, "run --quiet --out -"); !strings.HasPrefix(again, text[:10]) || stderr != "" {
		t.Errorf("with --quiet standard error is %q, and standard output %.100q", stderr, again)
	}
}

// TestResultOnDescriptor names descriptors as shells do.
func TestResultOnDescriptor(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"run --out /dev/stdout | sed -n 2p":                                  "\"schema\":\"wsperf/1\",\n",
		"run --out /dev/fd/3 3>&1 >report | sed -n 2p":                       "\"schema\":\"wsperf/1\",\n",
		"echo old >log; run --out /dev/stdout >>log; head -n 2 log":          "old\n{\n",
		"echo old >log; run --out /dev/stdout >>log; grep -c Aggregate log":  "1\n",
		"echo old >log; run --out /dev/stderr 2>>log >report; head -n 2 log": "old\n{\n",
	} {
		if stdout, stderr, code := inShell(t, line); stdout != want || stderr != "" || code != 0 {
			t.Errorf("%s: exit code %d, %q, standard error %q, want %q", line, code, stdout, stderr, want)
		}
	}
}

// TestPipeWithoutReader gives the result a pipe, which cannot be opened before it has a
// reader.
func TestPipeWithoutReader(t *testing.T) {
	waits := func(t *testing.T) (p *program, path string) {
		path = filepath.Join(t.TempDir(), "pipe")
		if err := unix.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		p = start(t, "wsperf", "run", "--conns", "100", "--out", path)
		line, err := p.stderr.ReadString('\n')
		if want := "wsperf: waiting for a reader of the pipe " + path + " (Ctrl-C to give up)\n"; err != nil || line != want {
			t.Fatalf("%q, %v, want %q", line, err, want)
		}
		return p, path
	}
	t.Run("interrupted", func(t *testing.T) {
		t.Parallel()
		p, _ := waits(t)
		if err := p.Process.Signal(unix.SIGINT); err != nil {
			t.Fatal(err)
		}
		if stderr, code := p.end(t); stderr != "wsperf: interrupted before the run began\n" || code != ui.ExitInterrupted {
			t.Errorf("exit code %d, standard error %q", code, stderr)
		}
	})
	t.Run("a reader comes", func(t *testing.T) {
		t.Parallel()
		p, path := waits(t)
		text, err := os.ReadFile(path)
		if err != nil || !json.Valid(text) {
			t.Errorf("%v, the pipe has %q", err, text)
		}
		if stderr, code := p.end(t); stderr != "" || code != ui.ExitDone {
			t.Errorf("exit code %d, standard error %q", code, stderr)
		}
	})
}
