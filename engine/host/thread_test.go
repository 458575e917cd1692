package host

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

func TestBatchThread(t *testing.T) {
	ended := make(chan error)
	var got *unix.SchedAttr
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 3)
		BatchThread()
		var err error
		got, err = unix.SchedGetAttr(0, 0)
		ended <- err
	}()
	if err := <-ended; err != nil || got.Policy != unix.SCHED_BATCH || got.Nice != 3 {
		t.Errorf("attributes %+v, %v, want policy %d with the nice value 3", got, err, unix.SCHED_BATCH)
	}
}
