//go:build interop

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wsperf/bench/link/netns"
)

// TestTestees: the README must have the rows of every testee that can be installed.
func TestTestees(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	starts, err := filepath.Glob("../*/start")
	if err != nil || len(starts) == 0 {
		t.Fatalf("no testees: %v", err)
	}
	probe := filepath.Join(t.TempDir(), "probe")
	if out, err := exec.Command("go", "build", "-o", probe, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for _, start := range starts {
		name := filepath.Base(filepath.Dir(start))
		t.Run(name, func(t *testing.T) {
			if out, err := exec.Command("../" + name + "/install").CombinedOutput(); err != nil {
				t.Skipf("testee %s cannot be installed: %v\n%s", name, err, out)
			}
			for _, row := range rows(t, probe, name) {
				if !strings.Contains(string(readme), "\n"+row+"\n") {
					t.Errorf("README.md has no row\n%s", row)
				}
			}
		})
	}
}

// rows runs the probe beside the testee, in a network namespace of its own.
func rows(t *testing.T, probe, name string) []string {
	if err := netns.Enter(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("../with", name, "9000", "2", probe, "-ca", "../../work/tls/ca.pem", name, "127.0.0.1:9000")
	cmd.Env = append(os.Environ(), "TLS=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	t.Logf("\n%s", stderr.String())
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}
