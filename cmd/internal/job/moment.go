package job

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// mostAway is how far away a moment can be: one in milliseconds, or of a machine whose clock is wrong, is a mistake.
const mostAway = 24 * time.Hour

const wantMoment = "must be a Unix time, such as 1764270000.5, or a time with its zone, such as 2026-11-27T19:00:00Z"

// parseMoment reads a Unix time in seconds or a time of RFC 3339.
func parseMoment(text string) (time.Time, error) {
	at, err := parseUnixTime(text)
	if err != nil {
		at, err = time.Parse(time.RFC3339Nano, text)
	}
	if err != nil {
		return at, errors.New(wantMoment)
	}
	if away := time.Until(at); away > mostAway || away < -mostAway {
		return at, fmt.Errorf("is %s: must be within %v of now", at.UTC().Format(time.RFC3339), mostAway)
	}
	return at, nil
}

// parseUnixTime reads seconds with up to 9 decimals, all of which count. A float64 would keep 7.
func parseUnixTime(text string) (at time.Time, err error) {
	seconds, decimals, cut := strings.Cut(text, ".")
	const digits = 9
	if cut && (decimals == "" || len(decimals) > digits) {
		return at, strconv.ErrSyntax
	}
	s, err := strconv.ParseUint(seconds, 10, 44) // milliseconds for seconds are read, to say when that is
	if err != nil {
		return at, err
	}
	ns, err := strconv.ParseUint(decimals+strings.Repeat("0", digits-len(decimals)), 10, 32)
	return time.Unix(int64(s), int64(ns)), err
}

// startValue is a moment, or the name of a file with one after an @.
type startValue struct{ to *Start }

func (v startValue) String() string { return "" }
func (v startValue) Type() string   { return "string" }

func (v startValue) Set(text string) error {
	if file, isFile := strings.CutPrefix(text, "@"); isFile {
		if file == "" {
			return badValue("the name of the file is missing: must be @FILE")
		}
		v.to.At, v.to.File = time.Time{}, file
		return nil
	}
	at, err := parseMoment(text)
	if err != nil {
		return BadValue{err}
	}
	v.to.At, v.to.File = at, ""
	return nil
}

// MomentFile reads the moment in a file that another process is to write.
type MomentFile struct {
	Path string
	last string // what was read last: the file may be written while it is read
	why  string // there is no moment yet
}

// Moment returns the moment if there is one. The file is opened by its name each time, because Kubernetes replaces
// the folder that it is in. A text counts if it ends with a newline, or is the same as the last time.
func (f *MomentFile) Moment() (at time.Time, found bool) {
	text, err := readStart(f.Path)
	if err != nil {
		f.last, f.why = "", systemError(err).Error()
		return at, false
	}
	whole := text == f.last || strings.HasSuffix(text, "\n")
	f.last = text
	trimmed := strings.TrimSpace(text)
	if trimmed == "" {
		f.why = "is empty"
		return at, false
	}
	at, err = parseMoment(trimmed)
	if err != nil {
		f.why = fmt.Sprintf("has %s: %v", strconv.QuoteToASCII(Shortened(trimmed)), err)
		return at, false
	}
	f.why = "is being written"
	return at, whole
}

// Why says why there is no moment yet.
func (f *MomentFile) Why() string { return f.why }

// maxMomentBytes is more than a moment has.
const maxMomentBytes = 256

func readStart(path string) (string, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0) // a FIFO without a writer would wait
	if err != nil {
		return "", err
	}
	defer f.Close()
	var text [maxMomentBytes]byte
	n, err := io.ReadFull(f, text[:])
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return string(text[:n]), err
}
