package file

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"wsperf/stats"
)

// A result among other lines begins where a line begins with a brace, or, behind a label such as
// that of srun --label, within the first labelBytes of a line with this key, which Write writes first.
const (
	firstKey   = `{"schema":"wsperf/`
	labelBytes = 256
)

// textReader finds results in a text: each in a line, or spread over several lines. Other lines are
// skipped. It holds no line, however long one is.
type textReader struct {
	in      *bufio.Reader
	lines   int  // that were begun
	within  bool // a part of the last one was read, and not its end
	after   bool // that part ends with a result
	skipped int  // texts that are no result
	broken  bool // the text cannot be read
}

func newTextReader(rd io.Reader) *textReader {
	return &textReader{in: bufio.NewReaderSize(rd, scanBytes)}
}

// line returns the number of the line that is read next, from 1.
func (t *textReader) line() int {
	if t.within {
		return t.lines
	}
	return t.lines + 1
}

// next returns the next result and the number of its first line. The error is that of Read, or
// io.EOF at the end of the text.
func (t *textReader) next() (r *stats.Result, line int, err error) {
	for {
		if err := t.find(); err != nil {
			return nil, t.line(), err
		}
		line = t.line()
		r, err = Read(&documentReader{text: t})
		t.after = err == nil
		if err != nil && t.within { // what stands behind the fault is of no result
			t.skipLine()
		}
		if !errors.Is(err, errNoResult) {
			return r, line, err
		}
		t.skipped++
	}
}

// find skips all until the brace that may begin a result.
func (t *textReader) find() error {
	for {
		head, err := t.in.Peek(labelBytes)
		if len(head) == 0 {
			t.broken = err != io.EOF
			return bare(err)
		}
		head, _, _ = bytes.Cut(head, []byte("\n"))
		text := bytes.TrimLeft(head, " \t\r")
		at := bytes.Index(head, []byte(firstKey))
		if len(text) > 0 && text[0] == '{' && (!t.within || t.after) {
			at = len(head) - len(text)
		}
		if at >= 0 {
			t.take(head[:at])
			return nil
		}
		if len(text) > 0 {
			t.skipped++
		}
		t.skipLine()
	}
}

// take consumes bytes that Peek has returned, at most to the end of the line.
func (t *textReader) take(b []byte) {
	if len(b) == 0 {
		return
	}
	if !t.within {
		t.lines++
	}
	t.within = b[len(b)-1] != '\n'
	_, _ = t.in.Discard(len(b)) // they are in the buffer
}

// skipLine skips what is left of the line, or the next one if nothing is.
func (t *textReader) skipLine() {
	if !t.within {
		t.lines++
	}
	t.within, t.after = false, false
	err := bufio.ErrBufferFull
	for err == bufio.ErrBufferFull {
		_, err = t.in.ReadSlice('\n')
	}
}

// documentReader reads one JSON document of a text, and io.EOF where that ends or is torn.
type documentReader struct {
	text  *textReader
	nest  nesting
	ended bool
}

// Read reads at most to the end of the line. A line that ends within a string is torn: JSON has no
// such strings (RFC 8259 section 7).
func (d *documentReader) Read(p []byte) (int, error) {
	t := d.text
	if d.ended || d.nest.depth > 0 && !t.within && t.begins() {
		return 0, io.EOF
	}
	if _, err := t.in.Peek(1); err != nil {
		return 0, err
	}
	line, _ := t.in.Peek(min(len(p), t.in.Buffered()))
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line = line[:end+1]
	}
	n := d.nest.consume(line)
	d.ended = d.nest.done || d.nest.inString && line[n-1] == '\n'
	copy(p, line[:n])
	t.take(line[:n])
	return n, nil
}

// begins reports whether the next line is the first of a result. Behind the first line of another
// one, which has no end then, it can be nothing else: Write indents nothing, and an element of a
// list is not a line with a brace alone.
func (t *textReader) begins() bool {
	head, _ := t.in.Peek(len(firstKey))
	line, _, whole := bytes.Cut(head, []byte("\n"))
	return bytes.Equal(head, []byte(firstKey)) || whole && string(bytes.TrimRight(line, "\r")) == "{"
}
