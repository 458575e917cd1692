// Package quiet gives tests places that others do not disturb: as root a network namespace
// of their own, CPUs that do not sleep, and precedence over other programs.
package quiet

import (
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"wsperf/bench/link/netns"
	"wsperf/engine/child"
	"wsperf/engine/host"
)

// Place is where programs run. The zero value is where this process runs.
type Place struct {
	namespace *netns.Namespace
	precedes  bool // programs take precedence over others
}

// Alone returns a place in which nobody else makes connections: as root, a network namespace
// that lives until the test ends. Otherwise it is the zero value.
func Alone(t *testing.T) Place {
	t.Helper()
	n, err := netns.New()
	if netns.IsRefused(err) {
		return Place{}
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return Place{namespace: n}
}

// New returns a place for measurements. Idle CPUs stay awake. As root, programs
// take precedence over all others, whose work would otherwise be in what is measured. That
// is for a testee and a client with one loop: they leave a CPU to the rest while one of them waits.
func New(t *testing.T) Place {
	t.Helper()
	p := Alone(t)
	stayAwake(t)
	p.precedes = p.namespace != nil && runtime.NumCPU() > 1
	return p
}

// Namespace returns the network namespace of the place, nil if it has none of its own.
func (p Place) Namespace() *netns.Namespace { return p.namespace }

// Beside returns the same place for programs that take no precedence.
func (p Place) Beside() Place { return Place{namespace: p.namespace} }

// Do calls f in the place.
func (p Place) Do(f func() error) error {
	if p.namespace == nil {
		return f()
	}
	return p.namespace.Do(f)
}

// Start starts a program in the place.
func (p Place) Start(c child.Command) (started *child.Child, err error) {
	err = p.Do(func() (err error) {
		if p.namespace != nil {
			err = p.prepareThread(&c)
		}
		if err == nil {
			started, err = child.Start(c)
		}
		return err
	})
	return started, err
}

// Precede gives the calling thread the precedence that programs of the place take: a real-time
// policy with time slices (sched(7), SCHED_RR). If it is refused, others disturb.
func (p Place) Precede() {
	if p.precedes {
		_ = unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_RR, Priority: 1}, 0)
	}
}

// prepareThread gives a thread that ends with Do what a process inherits from the thread
// that starts it: its CPUs and its precedence.
// To pin a process, child.Start would take another thread, in another namespace.
func (p Place) prepareThread(c *child.Command) error {
	p.Precede()
	if len(c.CPUs) == 0 {
		return nil
	}
	cpus := c.CPUs
	c.CPUs = nil
	return host.PinThread(cpus)
}

// stayAwake keeps idle CPUs from sleep states until the test ends, if this process may ask for that
// (Documentation/power/pm_qos_interface.rst): on a virtual machine a CPU takes 25
// microseconds to wake up from one at the median, and several times that at q99.
func stayAwake(t *testing.T) {
	f, err := os.OpenFile("/dev/cpu_dma_latency", os.O_WRONLY, 0)
	if err != nil {
		return
	}
	t.Cleanup(func() { f.Close() })
	_, _ = f.Write(make([]byte, 4)) // 0 microseconds, while the file is open
}
