package child

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// MaxLine is the longest line of standard output that is passed on, in bytes.
// The rest of a longer line is dropped.
const MaxLine = 64 << 10

// lines splits the standard output of a child into lines. It reads to the end
// whatever comes: a child whose output is not read would block in its write.
type lines struct {
	line  func([]byte)  // nil: only the first line is wanted
	first *string       // nil: there was none; written before heard is closed
	heard chan struct{} // closed at the first line, or at the end of the output
}

func newLines(line func([]byte)) *lines {
	return &lines{line: line, heard: make(chan struct{})}
}

// ReadFrom is what io.Copy, and so package os/exec, calls instead of Write. Only
// here can the end of the output be seen while the child lives on.
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
			return 0, nil // of the errors but EOF nothing is known that the end of the child does not tell
		}
	}
}

// Write makes lines an io.Writer.
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

// lastWordsBytes is how much of a child's standard error is kept. The reason of
// a failure comes first, and a stack trace after it.
const lastWordsBytes = 4 << 10

// lastWords keeps the beginning of what is written to it.
type lastWords struct{ text []byte }

func (w *lastWords) Write(p []byte) (int, error) {
	room := lastWordsBytes - len(w.text)
	w.text = append(w.text, p[:min(room, len(p))]...)
	return len(p), nil
}
