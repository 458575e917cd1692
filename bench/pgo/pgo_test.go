package main

import (
	"bytes"
	"errors"
	"flag"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/pprof/profile"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		args string
		want options
		err  string
	}{
		{"", options{400000, "cmd/wsperf/default.pgo"}, ""},
		{"-handshakes 5 -out FILE", options{5, "FILE"}, ""},
		{"-handshakes 0", options{}, "-handshakes 0: must be 1 or more"},
		{"-handshakes -3", options{}, "-handshakes -3: must be 1 or more"},
		{"-handshakes many", options{}, `invalid value "many" for flag -handshakes: parse error`},
		{"FILE\x1b", options{}, `argument "FILE\x1b": must be an option`},
		{"-h", options{}, flag.ErrHelp.Error()},
	} {
		got, err := parse(strings.Fields(test.args))
		switch {
		case test.err == "" && (err != nil || got != test.want):
			t.Errorf("%q: %+v, error %v, want %+v", test.args, got, err, test.want)
		case test.err != "" && (err == nil || err.Error() != test.err):
			t.Errorf("%q: error %v, want %s", test.args, err, test.err)
		}
	}
}

// profileOf returns a CPU profile with a stack for each number of samples.
func profileOf(t *testing.T, samples ...int64) []byte {
	t.Helper()
	p := &profile.Profile{SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}}}
	for _, n := range samples {
		p.Sample = append(p.Sample, &profile.Sample{Value: []int64{n, 1e6 * n}})
	}
	var out bytes.Buffer
	if err := p.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestCheck(t *testing.T) {
	enough := profileOf(t, 3000)
	for _, test := range []struct {
		name    string
		profile []byte
		want    string
	}{
		{"enough", enough, ""},
		{"together enough", profileOf(t, 2999, 1), ""},
		{"one too few", profileOf(t, 2999), "the profile has 2999 samples, must have 3000 or more: raise -handshakes"},
		{"no sample", profileOf(t), "the profile has 0 samples, must have 3000 or more: raise -handshakes"},
		{"nothing", nil, "the profile is damaged: "},
		{"no profile", []byte("hello, profile"), "the profile is damaged: "},
		{"cut", enough[:len(enough)-10], "the profile is damaged: "},
	} {
		got := ""
		if err := check(test.profile); err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestProfileOfTheProject: wsperf is built with one that this command would accept.
func TestProfileOfTheProject(t *testing.T) {
	profile, err := os.ReadFile("../../cmd/wsperf/default.pgo")
	if err != nil {
		t.Fatal(err)
	}
	if err := check(profile); err != nil {
		t.Error(err)
	}
}

// TestReplace: what is no profile of use leaves the old file as it was, and nothing beside
// it.
func TestReplace(t *testing.T) {
	good := profileOf(t, 3000)
	failed := errors.New("1 of 2 connections failed")
	for _, test := range []struct {
		name    string
		profile []byte
		err     error
		want    string
	}{
		{"good", good, nil, ""},
		{"empty", nil, nil, "the profile is damaged: "},
		{"too small", profileOf(t, 2999), nil, "the profile has 2999 samples"},
		{"run failed", good, failed, failed.Error()},
	} {
		dir := t.TempDir()
		out := filepath.Join(dir, "default.pgo")
		if err := os.WriteFile(out, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		err := replace(out, func() ([]byte, error) { return test.profile, test.err })
		now, readErr := os.ReadFile(out)
		if readErr != nil {
			t.Fatal(readErr)
		}
		list, _ := os.ReadDir(dir)
		switch {
		case len(list) != 1:
			t.Errorf("%s: %v in the folder, want the file alone", test.name, list)
		case test.want == "" && (err != nil || !bytes.Equal(now, test.profile)):
			t.Errorf("%s: %q, error %v", test.name, now, err)
		case test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), test.want) || string(now) != "old"):
			t.Errorf("%s: %q, error %v, want the old file, and %s", test.name, now, err, test.want)
		}
		if info, _ := os.Stat(out); test.want == "" && info.Mode() != 0o644 {
			t.Errorf("mode %v, want that of other sources", info.Mode())
		}
	}
}

// TestFolderIsCheckedFirst: not after a minute of handshakes.
func TestFolderIsCheckedFirst(t *testing.T) {
	err := replace("/no/folder/default.pgo", func() ([]byte, error) {
		t.Error("recorded before the folder was looked at")
		return nil, nil
	})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// TestRecord: a profile of a few handshakes is whole, and too small.
func TestRecord(t *testing.T) {
	profile, err := record(20)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := samples(profile); err != nil || n >= leastSamples {
		t.Errorf("%d samples, error %v", n, err)
	}
}

// TestRunThatFails: nobody listens.
func TestRunThatFails(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := netip.MustParseAddrPort(l.Addr().String())
	_ = l.Close() // now nobody does
	var out bytes.Buffer
	if err := profileLoads(&out, at, 30); err == nil || err.Error() != "30 of 30 connections failed" {
		t.Errorf("%v", err)
	}
}
