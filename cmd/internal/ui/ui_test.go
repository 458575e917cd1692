package ui

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestFinish(t *testing.T) {
	failed, usage := errors.New("no luck"), &UsageError{errors.New("no such thing"), "wsperf run"}
	unmet, none := Unmet{errors.New("too slow")}, NoSuccess{errors.New("all refused")}
	for _, c := range []struct {
		name   string
		err    error
		code   int
		stderr string
	}{
		{"done", nil, 0, ""},
		{"failed", failed, 1, "wsperf: no luck\n"},
		{"usage", usage, 2, "wsperf: no such thing (see wsperf run --help)\n"},
		{"interrupted", errors.Join(nil, ErrInterrupted), 130, ""},
		{"interrupted early", ErrEarly, 130, "wsperf: interrupted before the run began\n"},
		{"two", errors.Join(failed, errors.Join(failed)), 1, "wsperf: no luck\nwsperf: no luck\n"},
		{"interrupted and lost", errors.Join(failed, ErrInterrupted), 1, "wsperf: no luck\n"},
		{"unmet", errors.Join(unmet, unmet), 3, "wsperf: too slow\nwsperf: too slow\n"},
		{"every handshake failed", none, 1, "wsperf: all refused\n"},
		{"unmet because every handshake failed", errors.Join(none, unmet), 3, "wsperf: all refused\nwsperf: too slow\n"},
		{"unmet and lost", errors.Join(unmet, failed), 1, "wsperf: too slow\nwsperf: no luck\n"},
		{"unmet and interrupted", errors.Join(ErrInterrupted, unmet), 130, "wsperf: too slow\n"},
		{"interrupted, and every handshake of a worker failed", errors.Join(none, ErrInterrupted), 130, "wsperf: all refused\n"},
		{"told of unmet", Told{errors.Join(none, unmet)}, 3, ""},
		{"told", Told{errors.Join(failed, usage)}, 1, ""},
		{"told of an interruption", errors.Join(Told{ErrEarly}), 130, ""},
		{"lines", errors.New("a\nb\x1b[31mc\u009bd"), 1, "wsperf: a b [31mc d\n"},
	} {
		var out, stderr bytes.Buffer
		if code := New(nil, &out, &stderr).Finish(c.err); code != c.code || stderr.String() != c.stderr || out.Len() != 0 {
			t.Errorf("%s: exit code %d, standard error %q, want %d, %q", c.name, code, stderr.String(), c.code, c.stderr)
		}
	}
}

// full is a standard output on a full disk.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestFinishReportsLostOutputOnce(t *testing.T) {
	for _, size := range []int{1, 1 << 20} {
		var stderr bytes.Buffer
		u := New(nil, full{}, &stderr)
		_, err := io.WriteString(u.Out, strings.Repeat("x", size))
		if code := u.Finish(err); code != 1 || stderr.String() != "wsperf: standard output: no space\n" {
			t.Errorf("%d bytes: exit code %d, standard error %q", size, code, stderr.String())
		}
	}
}

func TestColour(t *testing.T) {
	var stderr bytes.Buffer
	u := New(nil, io.Discard, &stderr)
	u.colour = true
	u.Warn("slow")
	u.Note("so it is")
	u.Finish(errors.New("no luck"))
	want := "\x1b[33mwsperf: warning: \x1b[0mslow\nwsperf: so it is\n\x1b[31mwsperf: \x1b[0mno luck\n"
	if stderr.String() != want {
		t.Errorf("%q, want %q", stderr.String(), want)
	}
}

func TestDivert(t *testing.T) {
	var stderr, display bytes.Buffer
	u := New(nil, io.Discard, &stderr)
	u.divert(&display)
	u.Note("one")
	u.divert(full{})
	u.Note("two")
	u.divert(nil)
	u.Note("three")
	if display.String() != "wsperf: one\n" || stderr.String() != "wsperf: two\nwsperf: three\n" {
		t.Errorf("display %q, standard error %q", display.String(), stderr.String())
	}
}
