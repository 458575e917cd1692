package keep

import (
	"bytes"
	"os"
	"time"
)

// maxTail is how much is kept of the end of the output. With the line that says how the command
// ended, it fits into what is kept of a child's standard error (engine/child).
const maxTail = 3 << 10

// tail keeps the end of what is written to a pipe.
type tail struct {
	write *os.File // the end for the command
	read  *os.File
	kept  []byte
	done  chan struct{}
}

func newTail() (*tail, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	t := &tail{write: write, read: read, done: make(chan struct{})}
	go t.follow()
	return t, nil
}

// started closes the end for the command, which has its own copy.
func (t *tail) started() { _ = t.write.Close() } // nothing was written to it

func (t *tail) follow() {
	defer close(t.done)
	buffer := make([]byte, 64<<10)
	for {
		n, err := t.read.Read(buffer)
		t.kept = append(t.kept, buffer[:n]...)
		if excess := len(t.kept) - maxTail; excess > 0 {
			t.kept = append(t.kept[:0], t.kept[excess:]...)
		}
		if err != nil {
			return
		}
	}
}

// outputDelay is how long the output is waited for when all that could write it has ended.
const outputDelay = time.Second

// text returns the end of the output, from the beginning of a line. All that wrote it has ended.
func (t *tail) text() []byte {
	_ = t.read.SetReadDeadline(time.Now().Add(outputDelay)) // somebody else may have been given the pipe
	<-t.done
	if len(t.kept) < maxTail {
		return t.kept
	}
	if at := bytes.IndexByte(t.kept, '\n'); at >= 0 {
		return t.kept[at+1:]
	}
	return t.kept
}
