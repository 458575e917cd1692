package wire

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// instants are those of a ping and its pong, in nanoseconds since the Unix epoch.
type instants struct {
	writes  int64 // the clock before the ping is written
	stamped int64 // the stamp of the pong at the socket that reads it
}

// TestInstants finds out which instants a capture stamps: the pong is stamped as the package
// documentation says, and a ping after the clock was read for it.
func TestInstants(t *testing.T) {
	for _, l := range links {
		t.Run(l.name, func(t *testing.T) {
			before, after := l.make(t).instants(t)
			for _, d := range [][]time.Duration{before, after} {
				if d[0] < 0 || median(d) > most {
					t.Errorf("stamps are apart by: %v; want 0 or more, and a median of at most %v", spread(d), most)
				}
			}
		})
	}
}

// instants measures, in ascending order, how long after the clock was read a segment is stamped, and
// how long after the capture the socket stamps one.
func (l link) instants(t *testing.T) (before, after []time.Duration) {
	t.Helper()
	const pings = 500
	c := l.startCapture(t)
	port, played, err := l.pingPong(pings)
	if err != nil {
		t.Fatal(err)
	}
	c.end(t)
	return between(t, c.segments(t), port, played)
}

func between(t *testing.T, segments []segment, port int, played []instants) (before, after []time.Duration) {
	t.Helper()
	if len(segments) != 2*len(played) {
		t.Fatalf("%d segments captured, want a ping and a pong for each of %d", len(segments), len(played))
	}
	for i, p := range played {
		ping, pong := segments[2*i], segments[2*i+1]
		if ping.to != port || pong.to == port {
			t.Fatalf("segments %d and %d are no ping and pong", 2*i, 2*i+1)
		}
		if p.stamped == 0 { // the kernel begins to stamp in the background
			continue
		}
		before, after = append(before, time.Duration(ping.ns-p.writes)), append(after, time.Duration(p.stamped-pong.ns))
	}
	if len(after) < len(played)/2 {
		t.Skipf("this kernel stamped %d of %d pongs", len(after), len(played))
	}
	slices.Sort(before)
	slices.Sort(after)
	t.Logf("from the clock before write(2) to the stamp of the segment: %v", spread(before))
	t.Logf("from the capture's stamp of a segment to that of the socket which reads it: %v", spread(after))
	return before, after
}

func median(sorted []time.Duration) time.Duration { return sorted[len(sorted)/2] }

// spread describes sorted times.
func spread(d []time.Duration) string {
	n := len(d)
	return fmt.Sprintf("least %v, median %v, q99 %v, most %v", d[0], d[n/2], d[n*99/100], d[n-1])
}

// pingPong sends pings from the near to the far end, each once the pong for the one before
// has come.
func (l link) pingPong(pings int) (port int, played []instants, err error) {
	var listener net.Listener
	err = l.far.Do(func() (err error) { listener, err = net.Listen("tcp", l.address+":0"); return err })
	if err != nil {
		return 0, nil, err
	}
	defer listener.Close()
	go pong(listener)
	err = l.near.Do(func() error {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			return err
		}
		defer conn.Close()
		played, err = ping(conn.(*net.TCPConn), pings)
		return err
	})
	return listener.Addr().(*net.TCPAddr).Port, played, err
}

// pong answers each ping of a connection.
func pong(listener net.Listener) {
	conn, err := listener.Accept()
	if err != nil {
		return
	}
	defer conn.Close()
	for b := make([]byte, 1); ; {
		if _, err := conn.Read(b); err != nil {
			return
		}
		if _, err := conn.Write(b); err != nil {
			return
		}
	}
}

// ping uses a descriptor that blocks (net.TCPConn.File), so that nothing of the Go runtime is
// between the clock and the write.
func ping(conn *net.TCPConn, pings int) (played []instants, err error) {
	file, err := conn.File()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	fd := int(file.Fd())
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		return nil, err
	}
	for range pings {
		p := instants{writes: time.Now().UnixNano()}
		if _, err := unix.Write(fd, []byte{1}); err != nil {
			return nil, os.NewSyscallError("write", err)
		}
		if p.stamped, err = readStamped(fd); err != nil {
			return nil, err
		}
		played = append(played, p)
	}
	return played, nil
}

// readStamped reads a byte and returns the stamp of the segment, 0 if there is none
// (socket(7), SO_TIMESTAMPNS).
func readStamped(fd int) (ns int64, err error) {
	var control [128]byte
	n, controlLength, _, _, err := unix.Recvmsg(fd, make([]byte, 1), control[:], 0)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("recvmsg: %d bytes: %w", n, err)
	}
	messages, err := unix.ParseSocketControlMessage(control[:controlLength])
	if err != nil {
		return 0, err
	}
	for _, m := range messages {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SCM_TIMESTAMPNS {
			return int64(binary.NativeEndian.Uint64(m.Data))*1e9 + int64(binary.NativeEndian.Uint64(m.Data[8:])), nil
		}
	}
	return 0, nil
}
