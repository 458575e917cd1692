package host

import (
	"slices"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// TestOwnThread: more functions than the runtime has threads are at work, each on one of its
// own, and none is on the main thread.
func TestOwnThread(t *testing.T) {
	const functions = 100
	var at, all sync.WaitGroup
	at.Add(functions)
	var threads [functions]int
	for i := range threads {
		all.Go(func() {
			OwnThread(func() { threads[i] = unix.Gettid(); at.Done(); at.Wait() })
		})
	}
	all.Wait()
	slices.Sort(threads[:])
	if n := len(slices.Compact(threads[:])); n != functions || slices.Contains(threads[:], unix.Getpid()) {
		t.Errorf("%d functions are on %d threads, with the main thread: %v", functions, n, slices.Contains(threads[:], unix.Getpid()))
	}
}

func TestBatchThread(t *testing.T) {
	var got *unix.SchedAttr
	var err error
	OwnThread(func() {
		_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 3)
		BatchThread()
		got, err = unix.SchedGetAttr(0, 0)
	})
	if err != nil || got.Policy != unix.SCHED_BATCH || got.Nice != 3 {
		t.Errorf("attributes %+v, %v, want policy %d with the nice value 3", got, err, unix.SCHED_BATCH)
	}
}
