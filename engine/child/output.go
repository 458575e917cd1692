package child

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// MaxLine is the length of the longest line of standard output that is passed on, in
// bytes. The rest of a longer line is dropped.
const MaxLine = 64 << 10

// lines splits the standard output of a child into lines. It always reads to the end:
// a child whose output is not read would block in write(2).
type lines struct {
	line  func([]byte)  // nil: only the first line is kept
	first *string       // nil: there was none; written before heard is closed
	heard chan struct{} // closed at the first line, or at the end of the output
}

func newLines(line func([]byte)) *lines {
	return &lines{line: line, heard: make(chan struct{})}
}

// ReadFrom is called by io.Copy, and so by package os/exec, instead of Write. Only
// ReadFrom sees the end of the output of a child that goes on running.
func (l *lines) ReadFrom(r io.Reader) (int64, error) {
	in := bufio.NewReaderSize(r, MaxLine)
	for cut := false; ; {
		line, err := in.ReadSlice('\n')
		whole := err == nil
		if !cut && (whole || errors.Is(err, bufio.ErrBufferFull)) {
			l.take(bytes.TrimRight(line, "\r\n"))
		}
		cut = !whole
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			l.finish()
			return 0, nil // an error other than EOF is ignored: Wait reports the end of the child
		}
	}
}

// Write makes lines an io.Writer, as os/exec requires. It is not called.
func (l *lines) Write(p []byte) (int, error) {
	_, err := l.ReadFrom(bytes.NewReader(p))
	return len(p), err
}

func (l *lines) take(line []byte) {
	if l.first == nil {
		text := string(line)
		l.first = &text
		close(l.heard)
	}
	if l.line != nil {
		l.line(line)
	}
}

func (l *lines) finish() {
	if l.first == nil {
		close(l.heard)
	}
}

// lastWordsBytes is how much of a child's standard error is kept: the beginning, because
// a panic prints its reason first and the stack trace after it.
const lastWordsBytes = 4 << 10

// lastWords keeps the first lastWordsBytes of what is written to it.
type lastWords struct{ text []byte }

func (w *lastWords) Write(p []byte) (int, error) {
	room := lastWordsBytes - len(w.text)
	w.text = append(w.text, p[:min(room, len(p))]...)
	return len(p), nil
}
