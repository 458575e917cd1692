package engine

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"wsperf/stats"
)

// fullListener listens with the shortest backlog and accepts nothing.
func fullListener(t *testing.T) (address string) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 1); err != nil {
		t.Fatal(err)
	}
	at, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", at.(*unix.SockaddrInet4).Port)
}

// TestKernelCounts: a testee that does not accept shows in the kernel's counters. Others on
// the machine can only add to them.
func TestKernelCounts(t *testing.T) {
	cfg := impatient(t, fullListener(t), 20)
	cfg.Low, cfg.High = 20, 20
	r := do(t, cfg)
	if r.Fail != 20 || r.Causes[stats.CauseConnectTimeout] < 10 {
		t.Fatalf("causes %v", causes(r))
	}
	for _, c := range []stats.KernelCounter{stats.KernelListenOverflows, stats.KernelListenDrops} {
		if r.Kernel.Counts[c] < 10 || !r.Kernel.Known {
			t.Errorf("%v grew by %d, want 10 or more", c, r.Kernel.Counts[c])
		}
	}
}

// TestKernelCountsOfAnotherNamespace: a counter that has become smaller has not grown.
func TestKernelCountsOfAnotherNamespace(t *testing.T) {
	k := kernelCounts{
		before: map[string]map[string]uint64{"Tcp": {"RetransSegs": 100, "EstabResets": 5}},
		after:  map[string]map[string]uint64{"Tcp": {"RetransSegs": 1, "EstabResets": 7}},
	}
	r := new(stats.Result)
	k.fill(r)
	if !r.Kernel.Known || r.Kernel.Counts[stats.KernelRetransSegs] != 0 || r.Kernel.Counts[stats.KernelEstabResets] != 2 {
		t.Errorf("%+v", r.Kernel)
	}
	k.before = nil
	if k.fill(r); r.Kernel != (stats.KernelResult{}) {
		t.Errorf("%+v without counters", r.Kernel)
	}
}
