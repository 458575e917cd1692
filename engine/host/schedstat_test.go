package host

import (
	"runtime"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

func TestFirstTwo(t *testing.T) {
	for line, want := range map[string][2]int64{
		"1234 567 8\n": {1234, 567}, "0 0 0\n": {}, "": {}, "12\n": {12, 0}, "1 9223372036854775807 1\n": {1, 1<<63 - 1},
	} {
		if first, second := firstTwo([]byte(line)); first != want[0] || second != want[1] {
			t.Errorf("%q: %d and %d, want %v", line, first, second, want)
		}
	}
}

// TestSchedStat: a thread that shares a CPU with another one that is busy waits for it.
func TestSchedStat(t *testing.T) {
	runtime.LockOSThread() // never unlocked: its mask ends with it
	allowed, err := AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	if err := PinThread(allowed[:1]); err != nil {
		t.Fatal(err)
	}
	s := OpenSchedStat()
	defer s.Close()
	var quit atomic.Bool
	defer quit.Store(true)
	go func() {
		runtime.LockOSThread()
		_ = PinThread(allowed[:1])
		for !quit.Load() {
			_ = unix.Getpid()
		}
	}()
	before := s.WaitNs()
	for deadline := 1000; s.WaitNs() == before && deadline > 0; deadline-- {
		_, _, _ = unix.Syscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
		for range 1000 {
			_ = unix.Getpid()
		}
	}
	if s.WaitNs() == before {
		t.Errorf("the thread has waited %d ns before and after", before)
	}
	if n := testing.AllocsPerRun(10, func() { s.WaitNs() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
