package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"wsperf/handshake"
	"wsperf/stats"
)

func TestFinish(t *testing.T) {
	failed, usage := errors.New("no luck"), &usageError{errors.New("no such thing"), "wsperf run"}
	for _, c := range []struct {
		name   string
		err    error
		code   int
		stderr string
	}{
		{"done", nil, 0, ""},
		{"failed", failed, 1, "wsperf: no luck\n"},
		{"usage", usage, 2, "wsperf: no such thing (see wsperf run --help)\n"},
		{"interrupted", errors.Join(nil, errInterrupted), 130, ""},
		{"interrupted early", errEarly, 130, "wsperf: interrupted before the run began\n"},
		{"two", errors.Join(failed, errors.Join(failed)), 1, "wsperf: no luck\nwsperf: no luck\n"},
		{"interrupted and lost", errors.Join(failed, errInterrupted), 1, "wsperf: no luck\n"},
		{"lines", errors.New("a\nb\x1b[31mc\u009bd"), 1, "wsperf: a b [31mc d\n"},
	} {
		var out, stderr bytes.Buffer
		if code := newUI(nil, &out, &stderr).finish(c.err); code != c.code || stderr.String() != c.stderr || out.Len() != 0 {
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
		u := newUI(nil, full{}, &stderr)
		_, err := io.WriteString(u.out, strings.Repeat("x", size))
		if code := u.finish(err); code != 1 || stderr.String() != "wsperf: standard output: no space\n" {
			t.Errorf("%d bytes: exit code %d, standard error %q", size, code, stderr.String())
		}
	}
}

func TestColour(t *testing.T) {
	var stderr bytes.Buffer
	u := newUI(nil, io.Discard, &stderr)
	u.colour = true
	u.warn("slow")
	u.note("so it is")
	u.finish(errors.New("no luck"))
	want := "\x1b[33mwsperf: warning: \x1b[0mslow\nwsperf: so it is\n\x1b[31mwsperf: \x1b[0mno luck\n"
	if stderr.String() != want {
		t.Errorf("%q, want %q", stderr.String(), want)
	}
}

func TestDivert(t *testing.T) {
	var stderr, display bytes.Buffer
	u := newUI(nil, io.Discard, &stderr)
	u.divert(&display)
	u.note("one")
	u.divert(full{})
	u.note("two")
	u.divert(nil)
	u.note("three")
	if display.String() != "wsperf: one\n" || stderr.String() != "wsperf: two\nwsperf: three\n" {
		t.Errorf("display %q, standard error %q", display.String(), stderr.String())
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"loops", "loops", 0}, {"lopps", "loops", 1},
		{"lops", "loops", 1}, {"looops", "loops", 1}, {"low", "log", 1}, {"kitten", "sitting", 3},
	} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestParseHeaders(t *testing.T) {
	got, err := parseHeaders([]string{"A: b", "C:d: e \t", "F:"})
	want := []handshake.Header{{Name: "A", Value: "b"}, {Name: "C", Value: "d: e"}, {Name: "F"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}

func TestMaskCredentials(t *testing.T) {
	got := maskCredentials([]handshake.Header{
		{Name: "X", Value: "y"}, {Name: "AUTHORIZATION", Value: "Basic x"},
		{Name: "cookie", Value: "id=7"}, {Name: "Proxy-Authorization", Value: "z"},
	})
	want := []string{"X: y", "AUTHORIZATION: ***", "cookie: ***", "Proxy-Authorization: ***"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestVerdict(t *testing.T) {
	refused := stats.Result{Counts: stats.Counts{Total: 3, Fail: 3}}
	refused.Causes[stats.CauseConnectRefused], refused.Causes[stats.CauseOpenEOF] = 2, 1
	for _, c := range []struct {
		name   string
		result stats.Result
		want   string
	}{
		{"good", stats.Result{Counts: stats.Counts{Total: 3, Success: 1, Fail: 2}}, "<nil>"},
		{"interrupted", stats.Result{Counts: stats.Counts{Total: 3, Fail: 3}, Interrupted: true}, "interrupted"},
		{"nothing", stats.Result{}, "no connection was started"},
		{"all failed", refused, "every handshake failed: connect_refused 2"},
	} {
		if got := fmt.Sprint(verdict(&c.result)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestCommit(t *testing.T) {
	revision := debug.BuildSetting{Key: "vcs.revision", Value: "0123456789abcdef0123"}
	for _, c := range []struct {
		settings []debug.BuildSetting
		want     string
	}{
		{nil, "unknown"},
		{[]debug.BuildSetting{revision, {Key: "vcs.modified", Value: "false"}}, "0123456789ab"},
		{[]debug.BuildSetting{revision, {Key: "vcs.modified", Value: "true"}}, "0123456789ab with changes"},
	} {
		if got := commitOf(c.settings); got != c.want {
			t.Errorf("%v: %q, want %q", c.settings, got, c.want)
		}
	}
}
