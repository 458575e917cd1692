package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
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

// compress makes a profile of a message.
func compress(t *testing.T, message []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(message); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Messages of one sample each, by hand. The first field is Profile.time_nanos.
var (
	unpacked3000 = "\x48\x05" + "\x12\x07" + "\x08\x01" + "\x10\xb8\x17" + "\x10\x09" // location 1, values 3000 and 9
	packed2999   = "\x12\x05" + "\x12\x03" + "\xb7\x17\x09"                           // values 2999 and 9
	packed1      = "\x12\x03" + "\x12\x01\x01"
)

func TestSamples(t *testing.T) {
	for _, test := range []struct {
		name    string
		profile []byte
		want    string // of check
	}{
		{"enough", compress(t, []byte(unpacked3000)), ""},
		{"together enough", compress(t, []byte(packed2999+packed1)), ""},
		{"one too few", compress(t, []byte(packed2999)), "the profile has 2999 samples, must have 3000 or more: raise -handshakes"},
		{"no sample", compress(t, nil), "the profile has 0 samples, must have 3000 or more: raise -handshakes"},
		{"nothing", nil, "the profile is damaged: EOF"},
		{"no profile", []byte("hello, profile"), "the profile is damaged: gzip: invalid header"},
		{"cut", compress(t, []byte(unpacked3000))[:25], "the profile is damaged: unexpected EOF"},
		{"cut field", compress(t, []byte(unpacked3000[:8])), "the profile is damaged: unexpected EOF"},
		{"cut tag", compress(t, []byte("\x80")), "the profile is damaged: unexpected EOF"},
		{"huge field", compress(t, []byte("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")), "the profile is damaged: unexpected EOF"},
		{"sample without a value", compress(t, []byte("\x12\x02\x08\x01")), "the profile is damaged: a sample has no value"},
		{"sample with no value packed", compress(t, []byte("\x12\x02\x12\x00")), "the profile is damaged: unexpected EOF"},
		{"another encoding", compress(t, []byte("\x0b\x01")), "the profile is damaged: wire type 3: must be 0 or 2"},
	} {
		got := ""
		if err := check(test.profile); err != nil {
			got = err.Error()
		}
		if got != test.want {
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
	good := compress(t, []byte(unpacked3000))
	failed := errors.New("1 of 2 connections failed")
	for _, test := range []struct {
		name    string
		profile []byte
		err     error
		want    string
	}{
		{"good", good, nil, ""},
		{"empty", nil, nil, "the profile is damaged: EOF"},
		{"too small", compress(t, []byte(packed2999)), nil, "the profile has 2999 samples"},
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
