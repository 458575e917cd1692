package host

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestAvailableMemory(t *testing.T) {
	for text, want := range map[string]int64{
		"MemTotal:       24576000 kB\nMemAvailable:   2048 kB\n": 2 << 20,
		"MemTotal:       24576000 kB\n":                          Unknown,
		"MemAvailable:   many kB\n":                              Unknown,
	} {
		if got := availableIn(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
	if ReadMemory().Machine <= 0 {
		t.Error("this machine's memory cannot be read")
	}
}

// TestAddressSpace limits the address space of this process, generously.
func TestAddressSpace(t *testing.T) {
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_AS, &before); err != nil {
		t.Fatal(err)
	}
	if before.Cur != unix.RLIM_INFINITY {
		t.Skipf("the address space is limited already (ulimit -v), to %d bytes", before.Cur)
	}
	if left := addressSpace(); left != Unknown {
		t.Errorf("%d bytes left without a limit, want %d", left, Unknown)
	}
	const limit = 1 << 40 // the race detector alone reserves much of it
	if err := unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: limit, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	left := addressSpace()
	if err := unix.Setrlimit(unix.RLIMIT_AS, &before); err != nil {
		t.Fatal(err)
	}
	if left < 0 || left >= limit {
		t.Errorf("%d bytes left of %d", left, limit)
	}
}
