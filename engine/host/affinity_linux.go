package host

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// MaxCPUs is the size of a cpu_set_t (CPU_SETSIZE, CPU_SET(3)): CPU numbers are 0 to
// MaxCPUs-1.
const MaxCPUs = 1024

// AllowedCPUs returns the CPUs that the calling thread may run on, ascending
// (sched_getaffinity(2)). runtime.NumCPU counts the same set but does not name them.
func AllowedCPUs() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("read allowed CPUs: %w", err)
	}
	return cpusOf(&set), nil
}

func cpusOf(set *unix.CPUSet) []int {
	var cpus []int
	for cpu := range MaxCPUs {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus
}

func setOf(cpus []int) *unix.CPUSet {
	var set unix.CPUSet
	for _, cpu := range cpus {
		set.Set(cpu)
	}
	return &set
}

// FormatCPUs writes a list such as "0-3,6" (cpuset(7), "List format"). The order is
// kept; only consecutive ascending numbers become a range.
func FormatCPUs(cpus []int) string {
	var parts []string
	for i := 0; i < len(cpus); {
		j := i
		for j+1 < len(cpus) && cpus[j+1] == cpus[j]+1 {
			j++
		}
		part := strconv.Itoa(cpus[i])
		if j > i {
			part += "-" + strconv.Itoa(cpus[j])
		}
		parts = append(parts, part)
		i = j + 1
	}
	return strings.Join(parts, ",")
}

// WithAffinity calls f on a thread that may run on the given CPUs only. A process
// that f starts inherits that mask (sched_setaffinity(2), NOTES). The thread's mask
// is restored afterwards; if that fails, the thread is not used again.
func WithAffinity(cpus []int, f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // not unlocked on failure: the thread ends with the goroutine
		before, err := AllowedCPUs()
		if err == nil {
			err = PinThread(cpus)
		}
		if err != nil {
			done <- err
			return
		}
		err = f()
		if PinThread(before) == nil {
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	return <-done
}

// PinThread restricts the calling thread to the given CPUs. It reads the mask back and
// fails if they differ: the kernel silently drops CPUs that a cpuset or hotplug has
// removed. The caller must have called runtime.LockOSThread.
func PinThread(cpus []int) error {
	if err := unix.SchedSetaffinity(0, setOf(cpus)); err != nil {
		return fmt.Errorf("pin thread to CPUs %v: %w", cpus, err)
	}
	got, err := AllowedCPUs()
	if err != nil {
		return err
	}
	want := slices.Clone(cpus)
	slices.Sort(want)
	if want = slices.Compact(want); !slices.Equal(got, want) {
		return fmt.Errorf("pin thread to CPUs %v: the kernel allows %v", cpus, got)
	}
	return nil
}
