package file

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const (
	// scanBytes is the size of the scanner's buffer, which limits the length of a key.
	// Larger reads are not cheaper per byte.
	scanBytes = 64 << 10
	// maxValueBytes is the limit in bytes of a value that scanner.value returns. The
	// largest one is phases: ten histograms of less than 300 kB.
	maxValueBytes = 4 << 20
	// maxEmptyReads is that of package bufio: a reader that returns neither a byte nor
	// an error so many times in a row is broken.
	maxEmptyReads = 100
	// maxDigits is the limit of a number's digits: the sum of two such numbers fits in
	// an int64.
	maxDigits = 18
)

// scanner reads the tokens of a JSON text (RFC 8259) in constant memory. A method that
// finds another token than it reads returns a *syntaxError. The scanner cannot be used
// after that.
type scanner struct {
	rd       io.Reader
	buf      []byte
	pos, end int    // buf[pos:end] was read from rd and not yet consumed
	base     int64  // offset of buf[0] in the text
	err      error  // of rd; the bytes before it are in buf
	kept     []byte // copy of a key or value that does not stay in buf
}

func newScanner(rd io.Reader) *scanner { return &scanner{rd: rd, buf: make([]byte, scanBytes)} }

// syntaxError is an error at a byte of the text, counted from 0.
type syntaxError struct {
	offset int64
	err    error
}

func (e *syntaxError) Error() string { return fmt.Sprintf("byte %d: %v", e.offset, e.err) }
func (e *syntaxError) Unwrap() error { return e.err }

var (
	errEnd    = errors.New("unexpected end")
	errLonger = errors.New("longer than allowed")
)

func (s *scanner) offset() int64 { return s.base + int64(s.pos) }

func (s *scanner) fail(err error) error { return &syntaxError{s.offset(), err} }

// unexpected makes the error for the next byte, the end of the text, or a read error.
func (s *scanner) unexpected(want string) error {
	c, ok := s.peek()
	switch {
	case ok:
		return s.fail(fmt.Errorf("%q where %s is needed", c, want))
	case s.err == io.EOF:
		return s.fail(errEnd)
	}
	return s.fail(bare(s.err))
}

// peek returns the next byte, and false if there is none. The byte is 0 then, which
// is valid nowhere in a JSON text, so a switch needs no case for the end.
func (s *scanner) peek() (byte, bool) {
	if s.pos < s.end || s.fill() {
		return s.buf[s.pos], true
	}
	return 0, false
}

// fill moves the bytes that are not consumed to the start of buf, and reads more. It
// returns false if rd has no more or buf is full.
func (s *scanner) fill() bool {
	copy(s.buf, s.buf[s.pos:s.end])
	s.base += int64(s.pos)
	s.pos, s.end = 0, s.end-s.pos
	for range maxEmptyReads {
		if s.err != nil || s.end == len(s.buf) {
			return false
		}
		n, err := s.rd.Read(s.buf[s.end:])
		s.end += n
		s.err = err
		if n > 0 {
			return true
		}
	}
	s.err = io.ErrNoProgress
	return false
}

// next skips white space and returns the next byte without consuming it.
func (s *scanner) next() byte {
	if s.pos < s.end && s.buf[s.pos] > ' ' { // the common case, inlined
		return s.buf[s.pos]
	}
	return s.skipSpace()
}

func (s *scanner) skipSpace() byte {
	for {
		for i, c := range s.buf[s.pos:s.end] {
			if !isSpace(c) {
				s.pos += i
				return c
			}
		}
		s.pos = s.end
		if !s.fill() {
			return 0
		}
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// accept skips white space and consumes the next byte if it is c.
func (s *scanner) accept(c byte) bool {
	if s.next() != c {
		return false
	}
	s.pos++
	return true
}

// open consumes the opening bracket of an array or object.
func (s *scanner) open(bracket byte) error {
	if s.accept(bracket) {
		return nil
	}
	return s.unexpected(string(bracket))
}

// more reports whether an array or object has another element after the first n. It
// consumes the comma before that element, or the closing bracket end.
func (s *scanner) more(n uint64, end byte) (bool, error) {
	switch {
	case s.accept(end):
		return false, nil
	case n == 0 || s.accept(','):
		return true, nil
	}
	return false, s.unexpected(", or " + string(end))
}

// key consumes a key and the colon. The key is valid until the next call.
func (s *scanner) key() ([]byte, error) {
	if s.next() != '"' {
		return nil, s.unexpected("a key")
	}
	key, n, err := s.text()
	if err != nil {
		return nil, err
	}
	s.pos += n
	if s.pos < s.end && s.buf[s.pos] == ':' {
		s.pos++
		return key, nil
	}
	return s.lateColon(key)
}

// lateColon consumes a colon that does not directly follow the key. It copies the key,
// because fill may move the bytes in buf.
func (s *scanner) lateColon(key []byte) ([]byte, error) {
	s.kept = append(s.kept[:0], key...)
	if !s.accept(':') {
		return nil, s.unexpected(":")
	}
	return s.kept, nil
}

func (s *scanner) unescape(quoted []byte) ([]byte, error) {
	var text string
	if err := json.Unmarshal(quoted, &text); err != nil {
		return nil, s.fail(err)
	}
	return []byte(text), nil
}

// text returns the next string without consuming it, and its length in the text with
// its quotes.
func (s *scanner) text() (text []byte, length int, err error) {
	for i, c := range s.buf[s.pos+1 : s.end] {
		if c == '"' {
			return s.buf[s.pos+1 : s.pos+1+i], i + 2, nil
		}
		if c == '\\' || c < ' ' {
			break
		}
	}
	n, escaped, err := s.stringLength()
	if err != nil {
		return nil, 0, err
	}
	if escaped {
		text, err = s.unescape(s.buf[s.pos : s.pos+n])
		return text, n, err
	}
	return s.buf[s.pos+1 : s.pos+n-1], n, nil
}

// stringLength returns the length of the next string with its quotes, and reads all of
// it into buf.
func (s *scanner) stringLength() (n int, escaped bool, err error) {
	for n = 1; ; n++ {
		if s.pos+n == s.end && !s.fill() {
			return 0, false, s.cutString(n)
		}
		switch c := s.buf[s.pos+n]; {
		case c == '"':
			return n + 1, escaped, nil
		case c == '\\':
			escaped = true
			n++ // skip an escaped quote; unescape refuses invalid escapes
			if s.pos+n == s.end && !s.fill() {
				return 0, false, s.cutString(n)
			}
		case c < ' ':
			s.pos += n
			return 0, false, s.unexpected("a character of a string")
		}
	}
}

// cutString makes the error for a string that does not end within buf.
func (s *scanner) cutString(n int) error {
	full := s.end-s.pos == len(s.buf)
	s.pos += n
	if full {
		return s.fail(errLonger)
	}
	return s.unexpected("the end of a string")
}

// integer consumes a number without fraction and exponent.
func (s *scanner) integer() (int64, error) {
	negative := s.accept('-')
	n := s.digits()
	digits := s.buf[s.pos : s.pos+n]
	switch {
	case n == 0:
		return 0, s.unexpected("an integer")
	case n > maxDigits:
		return 0, s.numberEnds(maxDigits)
	case n > 1 && digits[0] == '0': // RFC 8259 section 6: no leading zeros
		return 0, s.numberEnds(1)
	}
	value := int64(0)
	for _, c := range digits {
		value = value*10 + int64(c-'0')
	}
	s.pos += n
	if negative {
		value = -value
	}
	return value, nil
}

// digits returns how many digits come next, and reads them into buf.
func (s *scanner) digits() int {
	n := 0
	for {
		for _, c := range s.buf[s.pos+n : s.end] {
			if c < '0' || c > '9' {
				return n
			}
			n++
		}
		if !s.fill() {
			return n
		}
	}
}

// numberEnds makes the error for a number with more than n digits.
func (s *scanner) numberEnds(n int) error {
	s.pos += n
	return s.unexpected("the end of a number")
}

// boolean consumes true or false.
func (s *scanner) boolean() (bool, error) {
	word, value := "false", false
	if s.next() == 't' {
		word, value = "true", true
	}
	for i := range len(word) {
		if c, _ := s.peek(); c != word[i] {
			return false, s.unexpected("true or false")
		}
		s.pos++
	}
	return value, nil
}

// value consumes any value and returns its text, which is valid until the next call.
func (s *scanner) value() ([]byte, error) {
	s.next()
	start := s.offset()
	s.kept = s.kept[:0]
	st := nesting{}
	for !st.done {
		if s.pos == s.end && !s.fill() {
			break // the end of the text ends a number or literal; checkKept refuses any other value
		}
		n := st.consume(s.buf[s.pos:s.end])
		if len(s.kept)+n > maxValueBytes {
			return nil, &syntaxError{start + maxValueBytes, fmt.Errorf("%w: a value of more than %d bytes", errLonger, maxValueBytes)}
		}
		s.kept = append(s.kept, s.buf[s.pos:s.pos+n]...)
		s.pos += n
	}
	return s.kept, s.checkKept(start, st.done)
}

// checkKept validates the value that begins at offset start, and locates its first
// error. done is nesting.done: false if the text ended before the value did.
func (s *scanner) checkKept(start int64, done bool) error {
	var syntax *json.SyntaxError
	switch {
	case json.Valid(s.kept):
		return nil
	case !done || len(s.kept) == 0:
		return s.unexpected("a value")
	case !errors.As(json.Unmarshal(s.kept, new(json.RawMessage)), &syntax):
		return s.fail(errors.New("invalid JSON")) // unreachable: json.Valid has refused it
	}
	return &syntaxError{start + max(syntax.Offset-1, 0), syntax}
}

// nesting finds the end of a value without validating it.
type nesting struct {
	depth                   int
	inString, escaped, done bool
	scalar                  bool // the value is a number or a literal
}

// consume returns how many bytes of the text belong to the value, and sets done if the
// value ends there.
func (st *nesting) consume(text []byte) int {
	for i, c := range text {
		switch {
		case st.inString:
			if st.string(c) {
				return i + 1
			}
		case c == '"' && !st.scalar:
			st.inString = true
		case c == '[' || c == '{':
			st.depth++
		case st.depth > 0 && (c == ']' || c == '}'):
			if st.depth--; st.depth == 0 {
				st.done = true
				return i + 1
			}
		case st.depth == 0 && (isSpace(c) || c == ',' || c == ']' || c == '}'):
			st.done = true
			return i
		default:
			st.scalar = st.depth == 0
		}
	}
	return len(text)
}

// string consumes a byte of a string and reports whether the value ends with it.
func (st *nesting) string(c byte) bool {
	switch {
	case st.escaped:
		st.escaped = false
	case c == '\\':
		st.escaped = true
	case c == '"':
		st.inString = false
		st.done = st.depth == 0
	}
	return st.done
}
