package main

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/cobra/doc"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/ui"
)

var update = flag.Bool("update", false, "write the manual pages anew")

// TestManualPages compares the pages in the program with those that its help makes.
func TestManualPages(t *testing.T) {
	made := t.TempDir()
	makeManual(t, made)
	if *update {
		if err := os.RemoveAll("manual"); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS("manual", os.DirFS(made)); err != nil {
			t.Fatal(err)
		}
		return
	}
	written := t.TempDir()
	if err := writeManual(written); err != nil {
		t.Fatal(err)
	}
	want, got := readDir(t, made), readDir(t, written)
	for name := range want {
		if !bytes.Equal(got[name], want[name]) {
			t.Errorf("manual page %s is out of date: run go test ./cmd/wsperf -run ManualPages -update", name)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d manual pages, want %d", len(got), len(want))
	}
}

// makeManual writes a page per command into dir.
func makeManual(t *testing.T, dir string) {
	t.Helper()
	root := newRootCommand(ui.New(nil, io.Discard, io.Discard))
	root.DisableAutoGenTag = true
	// A fixed date makes the pages reproducible.
	date := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	header := &doc.GenManHeader{Section: "1", Source: "wsperf " + job.Version, Manual: "wsperf manual", Date: &date}
	if err := doc.GenManTree(root, header, dir); err != nil {
		t.Fatal(err)
	}
}

func readDir(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if files[entry.Name()], err = os.ReadFile(filepath.Join(dir, entry.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return files
}
