package host

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// ackTimeout is how long perf may take to obey. It looks at its FIFO whenever a buffer fills,
// and otherwise at once.
const ackTimeout = 5 * time.Second

// PerfControl tells perf record when to profile, over the FIFOs of its option
// --control fifo:CTL[,ACK] (perf-record(1)).
type PerfControl struct {
	control, ack fifo
	timeout      time.Duration
}

// fifo is an open FIFO. A negative descriptor stands for none.
type fifo struct {
	name string
	fd   int
}

// OpenPerfControl opens the FIFOs; ack may be empty. It fails unless both are FIFOs and
// somebody reads control. It does not wait.
func OpenPerfControl(control, ack string) (*PerfControl, error) {
	c := &PerfControl{control: fifo{control, -1}, ack: fifo{ack, -1}, timeout: ackTimeout}
	if err := c.control.open(unix.O_WRONLY); err != nil {
		return nil, err
	}
	if ack == "" {
		return c, nil
	}
	// Also for writing: without a writer, poll(2) would report a hang-up at once (fifo(7)).
	if err := c.ack.open(unix.O_RDWR); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (f *fifo) open(mode int) error {
	fd, err := unix.Open(f.name, mode|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	switch {
	case errors.Is(err, unix.ENXIO): // nobody reads the FIFO; or a socket, or a device that does not exist
		return fmt.Errorf("%q: nobody reads it: must be a FIFO of a running perf record --control fifo:CTL[,ACK]", f.name)
	case err != nil:
		return fmt.Errorf("%q: %w: must be a FIFO (mkfifo) of perf record --control fifo:CTL[,ACK]", f.name, err)
	}
	var info unix.Stat_t
	if err := unix.Fstat(fd, &info); err != nil || info.Mode&unix.S_IFMT != unix.S_IFIFO {
		_ = unix.Close(fd) // nothing was written
		return fmt.Errorf("%q: is not a FIFO: make one with mkfifo, for perf record --control fifo:CTL[,ACK]", f.name)
	}
	f.fd = fd
	return nil
}

// Close closes the FIFOs.
func (c *PerfControl) Close() {
	for _, f := range []*fifo{&c.control, &c.ack} {
		if f.fd >= 0 {
			_ = unix.Close(f.fd) // nothing is lost: a FIFO has no buffer of the file
			f.fd = -1
		}
	}
}

// Enable lets perf begin, and waits until it has if there is an ACK.
func (c *PerfControl) Enable() error { return c.send("enable") }

// Disable lets perf stop, and waits until it has if there is an ACK.
func (c *PerfControl) Disable() error { return c.send("disable") }

func (c *PerfControl) send(command string) error {
	if c.ack.fd >= 0 {
		c.drain()
	}
	_, err := ignoringEINTR(func() (int, error) { return unix.Write(c.control.fd, []byte(command+"\n")) })
	switch {
	case errors.Is(err, unix.EPIPE):
		return fmt.Errorf("perf control %q: %s: nobody reads it any more: perf has ended", c.control.name, command)
	case err != nil:
		return fmt.Errorf("perf control %q: %s: %w", c.control.name, command, err)
	case c.ack.fd < 0:
		return nil
	}
	return c.await(command)
}

// drain drops what was sent before the command, up to 256 KB: a FIFO holds 64 KB (pipe(7)).
func (c *PerfControl) drain() {
	var old [256]byte
	for range 1000 {
		if n, err := c.readAck(old[:]); n <= 0 || err != nil {
			return
		}
	}
}

// await waits for "ack\n". perf sends a NUL after it (evlist__ctlfd_ack in
// tools/perf/util/evlist.c, Linux 6.1), which may come later.
func (c *PerfControl) await(command string) error {
	var got []byte
	until := time.Now().Add(c.timeout)
	for left := c.timeout; left > 0 && len(got) < 256; left = time.Until(until) {
		ready := []unix.PollFd{{Fd: int32(c.ack.fd), Events: unix.POLLIN}}
		_, err := unix.Poll(ready, int(left.Milliseconds())+1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("perf acknowledgement %q: %w", c.ack.name, err)
		}
		var part [64]byte
		n, _ := c.readAck(part[:]) // EAGAIN: nothing yet
		got = append(got, part[:max(0, n)]...)
		if bytes.Contains(got, []byte("ack\n")) {
			return nil
		}
	}
	return fmt.Errorf("perf acknowledgement %q: no \"ack\" of %s within %v: give perf the same FIFO, --control fifo:CTL,ACK", c.ack.name, command, c.timeout)
}

func (c *PerfControl) readAck(into []byte) (int, error) {
	return ignoringEINTR(func() (int, error) { return unix.Read(c.ack.fd, into) })
}

// ignoringEINTR repeats a call that a signal ended, such as those of the Go runtime.
func ignoringEINTR(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}
