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

// text returns the last lines of the output. All that wrote it has ended.
func (t *tail) text() []byte {
	_ = t.read.SetReadDeadline(time.Now().Add(outputDelay)) // somebody else may have been given the pipe
	<-t.done
	return wholeLines(t.kept)
}

// wholeLines removes the rest of a line at the beginning of what was kept, unless it is the only one, and
// ends the last line: another one follows that says how the command ended.
func wholeLines(kept []byte) []byte {
	if len(kept) >= maxTail {
		kept = kept[1+bytes.IndexByte(kept[:len(kept)-1], '\n'):] // -1: there is no other line
	}
	if len(kept) > 0 && kept[len(kept)-1] != '\n' {
		kept = append(kept, '\n')
	}
	return kept
}
