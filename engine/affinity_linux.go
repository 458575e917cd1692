package engine

import (
	"fmt"
	"runtime"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxCPU bounds CPU numbers: the size of unix.CPUSet.
const maxCPU = 1024

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
	for cpu := range maxCPU {
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

// WithAffinity calls f on a thread that may run on the given CPUs only: a
// process that f starts inherits that mask. The thread's mask is restored
// afterwards; where that fails the thread is not used again.
func WithAffinity(cpus []int, f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // not unlocked on failure: the thread ends with the goroutine
		before, err := AllowedCPUs()
		if err == nil {
			err = pinThread(cpus)
		}
		if err != nil {
			done <- err
			return
		}
		err = f()
		if pinThread(before) == nil {
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	return <-done
}

// pinThread restricts the calling thread to the CPUs and reads the mask back:
// the kernel silently drops CPUs that a cpuset or hotplug took away.
func pinThread(cpus []int) error {
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

// prctlName names the calling thread (prctl(2), PR_SET_NAME; cut to 15 bytes by the kernel).
func prctlName(name *byte) error {
	return unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(name)), 0, 0, 0)
}
