package slurm

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// script starts a shell in place of srun.
func script(t *testing.T, text string) *srun {
	t.Helper()
	s, err := start([]string{"sh", "-c", text}, filepath.Join(t.TempDir(), srunLog))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.signal(unix.SIGKILL)
		<-s.ended
	})
	return s
}

// patience is how long a test waits for another process before it fails.
const patience = 20 * time.Second

// hear waits for n lines.
func (s *srun) hear(t *testing.T, n int) (lines []string) {
	t.Helper()
	for end := time.Now().Add(patience); len(lines) < n; time.Sleep(5 * time.Millisecond) {
		if lines = append(lines, s.news()...); time.Now().After(end) {
			t.Fatalf("%q, want %d lines", lines, n)
		}
	}
	return lines
}

func TestWhatSrunSays(t *testing.T) {
	gate := filepath.Join(t.TempDir(), "gate")
	s := script(t, `echo "srun: error: one"; echo two; echo "srun: job 7 has been allocated resources"; printf "srun: thr"
		until [ -e `+gate+` ]; do sleep 0.01; done; echo ee; printf end`)
	if got := s.hear(t, 2); !slices.Equal(got, []string{"srun: one", "srun: two"}) || len(s.news()) > 0 {
		t.Errorf("%q", got)
	}
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	<-s.ended
	if got := s.hear(t, 2); !slices.Equal(got, []string{"srun: three", "srun: end"}) || len(s.news()) > 0 {
		t.Errorf("%q", got)
	}
	if got := s.lastWords().Error(); got != "srun: job 7 has been allocated resources; three; end" {
		t.Error(got)
	}
}

// TestSrunSaysMuch: neither a long line nor many lines need much memory.
func TestSrunSaysMuch(t *testing.T) {
	s := script(t, `head -c 1000000 /dev/zero | tr '\0' x; seq 100000`)
	<-s.ended
	n := 0
	for lines := s.news(); len(lines) > 0; lines = s.news() {
		n++
		for _, line := range lines {
			if len(line) > 500 {
				t.Fatalf("a line of %d bytes", len(line))
			}
		}
	}
	if n < 10 || len(s.lastWords().Error()) > 100 {
		t.Errorf("%d calls, then %s", n, s.lastWords())
	}
}

func TestSrunSaysNothing(t *testing.T) {
	s := script(t, "exit 1")
	<-s.ended
	if got := s.lastWords().Error(); len(s.news()) > 0 || got != "srun has ended, and said nothing" {
		t.Error(got)
	}
}

// TestSrunIsEnded: by SIGTERM, or else by SIGKILL. It is not in our process group, for a Ctrl-C is not for it.
func TestSrunIsEnded(t *testing.T) {
	kind := script(t, "echo x; exec sleep 100")
	kind.hear(t, 1)
	if group, err := unix.Getpgid(kind.cmd.Process.Pid); err != nil || group == unix.Getpgrp() {
		t.Errorf("it is in our process group, %v", err)
	}
	if err := kind.end(t.Context(), func(string) {}); err != nil {
		t.Error(err)
	}
	deaf := script(t, "trap '' TERM; echo x; while :; do sleep 1; done")
	deaf.hear(t, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := deaf.end(ctx, func(string) {}); err == nil || !strings.Contains(err.Error(), "was killed") || !deaf.over() {
		t.Error(err)
	}
}

func TestSrunIsNotThere(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := start([]string{"srun"}, filepath.Join(t.TempDir(), srunLog))
	if err == nil || !strings.HasPrefix(err.Error(), "srun is not there: ") {
		t.Error(err)
	}
}

// squeue puts a program of that name in front of all others.
func squeue(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "squeue"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func TestQueue(t *testing.T) {
	squeue(t, `[ "$2" = --jobs=7 ] && echo "Nodes required for job are DOWN"`)
	for _, c := range []struct {
		name    string
		queue   queue
		said    string
		started bool
		want    string
	}{
		{name: "a job waits", said: "srun: job 7 queued and waiting for resources", want: "job 7 waits in the queue: Nodes required for job are DOWN"},
		{name: "it has begun", said: "srun: job 7 queued and waiting for resources", started: true},
		{name: "it was asked for a moment ago", queue: queue{job: "7", asked: time.Now()}},
		{name: "it is not there any more", said: "srun: job 8 queued and waiting for resources"},
		{name: "there is none", said: "srun: error"},
		{name: "a step waits", queue: queue{within: "5"}, want: "no part has started within 10s: other steps may have the CPUs of job 5, which --srun-option=--overlap shares"},
		{name: "a step has begun", queue: queue{within: "5"}, started: true},
		{name: "a step may come soon", queue: queue{within: "5", since: time.Now()}},
	} {
		got := strings.Join(c.queue.reason(t.Context(), []string{c.said}, c.started), "|")
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
