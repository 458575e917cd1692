package main

import (
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/engine/host"
)

const (
	roundTrips     = 300
	betweenTrips   = time.Millisecond // both threads sleep meanwhile
	tripPercentile = 99
)

// roundTrip returns how long a byte takes through two pipes, to a thread on another CPU that sleeps in
// read(2) and back, at q99. A response with a client and a testee that sleep takes that much at least, so
// it tells how slow the machine is at present without wsperf.
func roundTrip(t *testing.T) time.Duration {
	t.Helper()
	cpus, err := host.AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	there, back := newPipe(t), newPipe(t)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		onCPU(cpus[len(cpus)-1])
		for one := make([]byte, 1); ; {
			if n, _ := unix.Read(there.read, one); n != 1 {
				return
			}
			_, _ = unix.Write(back.write, one)
		}
	}()
	took := make(chan []time.Duration)
	go func() {
		onCPU(cpus[0])
		var all []time.Duration
		for one := make([]byte, 1); len(all) < roundTrips; {
			time.Sleep(betweenTrips)
			began := time.Now()
			_, _ = unix.Write(there.write, one)
			_, _ = unix.Read(back.read, one)
			all = append(all, time.Since(began))
		}
		took <- all
	}()
	all := <-took
	_ = unix.Close(there.write)
	<-answered
	for _, fd := range []int{there.read, back.read, back.write} {
		_ = unix.Close(fd)
	}
	slices.Sort(all)
	return all[len(all)*tripPercentile/100]
}

// onCPU gives the goroutine a thread of its own on a CPU. The thread ends with the goroutine.
func onCPU(cpu int) {
	runtime.LockOSThread()
	var set unix.CPUSet
	set.Set(cpu)
	_ = unix.SchedSetaffinity(0, &set) // on another CPU, it is only less exact
}

type pipe struct{ read, write int }

func newPipe(t *testing.T) pipe {
	t.Helper()
	fds := make([]int, 2)
	if err := unix.Pipe2(fds, unix.O_CLOEXEC); err != nil {
		t.Fatal(os.NewSyscallError("pipe2", err))
	}
	return pipe{fds[0], fds[1]}
}
