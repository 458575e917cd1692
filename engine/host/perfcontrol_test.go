package host

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func makeFIFO(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// fakePerf reads commands, and answers each as perf does, or with what a test says.
type fakePerf struct {
	control, ack string
	commands     chan string
	reader       *os.File
}

func startFakePerf(t *testing.T, answer string) *fakePerf {
	t.Helper()
	p := &fakePerf{control: makeFIFO(t, "ctl"), ack: makeFIFO(t, "ack"), commands: make(chan string, 10)}
	var err error
	if p.reader, err = os.OpenFile(p.control, os.O_RDWR, 0); err != nil {
		t.Fatal(err)
	}
	acks, err := os.OpenFile(p.ack, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.reader.Close(); acks.Close() })
	go func() {
		for lines := bufio.NewScanner(p.reader); lines.Scan(); {
			p.commands <- lines.Text()
			_, _ = acks.WriteString(answer) // a full or closed FIFO fails the test by its missing answer
		}
	}()
	return p
}

func TestPerfControlSendsCommands(t *testing.T) {
	p := startFakePerf(t, "ack\n\x00")
	for _, ack := range []string{p.ack, ""} {
		c, err := OpenPerfControl(p.control, ack)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			send func() error
			want string
		}{{c.Enable, "enable"}, {c.Disable, "disable"}} {
			if err := step.send(); err != nil {
				t.Error(err)
			}
			select {
			case got := <-p.commands:
				if got != step.want {
					t.Errorf("command %q, want %q", got, step.want)
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("no %s within 10 s", step.want)
			}
		}
		c.Close()
	}
}

// TestPerfControlWaitsForItsOwnAnswer: an old one does not count, and neither does another word.
func TestPerfControlWaitsForItsOwnAnswer(t *testing.T) {
	p := startFakePerf(t, "nack")
	old, err := os.OpenFile(p.ack, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if _, err := old.WriteString("ack\n\x00"); err != nil {
		t.Fatal(err)
	}
	c, err := OpenPerfControl(p.control, p.ack)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.timeout = 50 * time.Millisecond
	if err := c.Enable(); err == nil || !strings.Contains(err.Error(), `no "ack" of enable within 50ms`) {
		t.Errorf("error %v", err)
	}
}

func TestPerfControlWithoutPerf(t *testing.T) {
	p := startFakePerf(t, "ack\n")
	c, err := OpenPerfControl(p.control, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	p.reader.Close()
	// The reading goroutine ends with the file; its last read may keep the FIFO open until then.
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); {
		if err = c.Enable(); err != nil {
			break
		}
	}
	if err == nil || !strings.Contains(err.Error(), "nobody reads it any more") {
		t.Errorf("error %v", err)
	}
}

func TestOpenPerfControlRefuses(t *testing.T) {
	unread, file := makeFIFO(t, "unread"), filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p := startFakePerf(t, "ack\n")
	for _, c := range []struct{ control, ack, want string }{
		{"/nonexistent\x1b", "", `"/nonexistent\x1b": no such file or directory: must be a FIFO (mkfifo)`},
		{file, "", `is not a FIFO: make one with mkfifo`},
		{unread, "", `nobody reads it: must be a FIFO of a running perf record`},
		{t.TempDir(), "", `is a directory: must be a FIFO`},
		{p.control, file, `is not a FIFO`},
		{p.control, "/nonexistent", `no such file or directory`},
	} {
		opened, err := OpenPerfControl(c.control, c.ack)
		if err == nil {
			opened.Close()
			t.Errorf("%q and %q: no error", c.control, c.ack)
		} else if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q and %q: %v, want %s", c.control, c.ack, err, c.want)
		}
	}
}
