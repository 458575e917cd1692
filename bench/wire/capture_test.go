package wire

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/bench/quiet"
	"wsperf/engine/child"
)

// Bounds of the time that a program takes. No test depends on them otherwise.
const (
	startTimeout = 20 * time.Second
	runTimeout   = 20 * time.Second
	stopTimeout  = 5 * time.Second
)

// capture is a dumpcap that captures all packets of a device.
type capture struct {
	*child.Child
	place  quiet.Place
	beacon string // an address to which a datagram goes through the device
	path   string
}

// snapLength is how many bytes of a packet are kept: the whole of those that a test sends.
const snapLength = 2048

// bufferMB holds all packets of a run, in MiB: dumpcap may get no CPU before its end.
const bufferMB = 64

// startCapture captures at the link's device. It skips the test where that is not possible.
func (l link) startCapture(t *testing.T) *capture {
	t.Helper()
	for _, tool := range []string{"dumpcap", "tshark"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed (apt-get install tshark)", tool)
		}
	}
	c := &capture{place: l.far.Beside(), beacon: l.beacon, path: filepath.Join(t.TempDir(), "capture")}
	capturing := make(chan struct{})
	var words []string
	var err error
	c.Child, err = c.place.Start(child.Command{
		Path: "/bin/sh", // dumpcap says on standard error what it does
		Args: []string{"sh", "-c", `exec dumpcap -q -i "$0" -w "$1" -s "$2" -B "$3" 2>&1`, l.device, c.path, fmt.Sprint(snapLength), fmt.Sprint(bufferMB)},
		Line: func(line []byte) {
			words = append(words, string(line))
			if bytes.HasPrefix(line, []byte("File: ")) {
				close(capturing)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.End(0) })
	select {
	case <-capturing:
	case <-c.Ended():
		t.Skipf("dumpcap cannot capture here: %.300q", strings.Join(words, "; "))
	case <-time.After(startTimeout):
		t.Fatalf("dumpcap captures nothing after %v", startTimeout)
	}
	return c
}

// lastPacket is the content of a datagram behind all that is to be captured.
const lastPacket = "wsperf: the last packet of this capture"

// end waits until the capture has all packets sent before, and ends it. dumpcap writes
// packets in the order of their arrival.
func (c *capture) end(t *testing.T) {
	t.Helper()
	err := c.place.Do(func() error {
		conn, err := net.Dial("udp", c.beacon)
		if err != nil {
			return err
		}
		defer conn.Close()
		_, err = conn.Write([]byte(lastPacket))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(stopTimeout); !c.has(t, lastPacket); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the capture has no last packet after %v", stopTimeout)
		}
	}
	c.Signal(unix.SIGINT)
	if err := c.Wait(); err != nil {
		t.Fatalf("dumpcap: %v: %s", err, c.LastWords())
	}
}

func (c *capture) has(t *testing.T, content string) bool {
	t.Helper()
	text, err := os.ReadFile(c.path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(text, []byte(content))
}

// segments decodes the TCP segments with data.
func (c *capture) segments(t *testing.T) []segment {
	t.Helper()
	cmd := exec.Command("tshark", "-n", "-r", c.path, "-Y", "tcp.len > 0", "-T", "fields",
		"-e", "tcp.stream", "-e", "frame.time_epoch", "-e", "tcp.dstport", "-e", "tcp.payload")
	var words strings.Builder
	cmd.Stderr = &words
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v: %s", err, words.String())
	}
	segments, err := parseSegments(string(out))
	if err != nil {
		t.Fatal(err)
	}
	return segments
}
