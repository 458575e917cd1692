package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestPerfObeys lets perf record begin and stop at the ends of the measured window. perf says
// so on standard error, and has samples.
func TestPerfObeys(t *testing.T) {
	perf, err := exec.LookPath("perf")
	if err != nil {
		t.Skip("perf is not installed (apt-get install linux-perf)")
	}
	folder := t.TempDir()
	data := filepath.Join(folder, "perf.data")
	if out, err := exec.Command(perf, "record", "-e", "cpu-clock", "-o", data, "--", "true").CombinedOutput(); err != nil {
		t.Skipf("perf cannot record here: %v\n%s", err, out)
	}
	control, ack := filepath.Join(folder, "ctl"), filepath.Join(folder, "ack")
	for _, name := range []string{control, ack} {
		if err := unix.Mkfifo(name, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wsperf, err := exec.LookPath("wsperf")
	if err != nil {
		t.Fatal(err)
	}
	fifos := control + "," + ack
	out, err := exec.Command(perf, "record", "-e", "cpu-clock", "-F", "2000", "-o", data, "--control", "fifo:"+fifos, "--delay=-1", "--",
		wsperf, "run", "--conns", "5000", "--quiet", "--perf-control", fifos).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"Events enabled\n", "Events disabled\n", "           Success:      5000\n", " samples)"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
