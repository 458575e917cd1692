package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTwoClientsInARow: a client with another behind it costs what both do, and fails if either does.
func TestTwoClientsInARow(t *testing.T) {
	spec, second := quietTestee(t), shell(t, "second", quietTestee(t), "sleep 0.2; echo 7")
	first := shell(t, "first", spec, "echo 7")
	first.then = &second
	if r, err := first.run(newTestees(t), 7); err != nil || r.handshakes != 7 || r.perSecond > 7/0.2 {
		t.Errorf("%+v, error %v, want 7 handshakes, and fewer a second than the second client makes", r, err)
	}
	for _, bad := range []string{"exit 3", "echo 6"} {
		second := shell(t, "second", spec, bad)
		first.then = &second
		if _, err := first.run(newTestees(t), 7); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: error %v", bad, err)
		}
	}
}

func TestSumOfCosts(t *testing.T) {
	a := cost{handshakes: 9, userUs: 1, systemUs: 2, perSecond: 300, switches: 0.5, peakBytes: 7}
	b := cost{handshakes: 9, userUs: 10, systemUs: 20, perSecond: 600, switches: 0.25, peakBytes: 5}
	want := cost{handshakes: 9, userUs: 11, systemUs: 22, perSecond: 200, switches: 0.75, peakBytes: 7}
	for _, got := range []cost{a.plus(b), b.plus(a)} {
		if diff := got.perSecond - want.perSecond; diff > 1e-9 || diff < -1e-9 {
			t.Errorf("%v handshakes/s, want %v", got.perSecond, want.perSecond)
		}
		if got.perSecond = want.perSecond; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

// TestSystemCallsOfBoth: those of a client and of the one behind it are counted.
func TestSystemCallsOfBoth(t *testing.T) {
	strace := script(t, "strace", `echo "70 total" >$6; shift 6; exec "$@"`)
	t.Setenv("PATH", filepath.Dir(strace)+":/usr/bin:/bin")
	first, second := shell(t, "first", quietTestee(t), "echo 7"), shell(t, "second", quietTestee(t), "echo 7")
	first.then = &second
	if calls, err := countCalls([]client{first}, 7, newTestees(t)); err != nil || len(calls) != 1 || calls[0] != 20 {
		t.Errorf("%v calls, error %v, want 20", calls, err)
	}
}

// TestProgramsOfBoth: a program that only a second client or its testee runs is built.
func TestProgramsOfBoth(t *testing.T) {
	b := &bench{only: "TLS 1.2, full", programs: programsIn("/FOLDER")}
	for _, path := range []string{b.programs.wsperf, b.programs.tlsFloor, b.programs.bare} {
		if !b.uses(path) {
			t.Errorf("%s is not used", path)
		}
	}
	second := client{args: func(string, int) []string { return []string{"SECOND"} }, testee: testeeSpec{command: "TESTEE"}}
	first := client{args: func(string, int) []string { return nil }, then: &second}
	if !first.uses("SECOND") || !first.uses("TESTEE") || first.uses("THIRD") {
		t.Error("the program or the testee of the second client is not used")
	}
	for _, path := range []string{b.programs.earlier, b.programs.tuned, b.programs.sleeper} {
		if b.uses(path) {
			t.Errorf("%s is used", path)
		}
	}
}

// TestEnding: a run whose handshakes all fail, as they should.
func TestEnding(t *testing.T) {
	for code, want := range map[string]string{"1": "", "0": "exit status 1", "3": "exit status 1"} {
		wsperf := script(t, "wsperf", "echo '  secure_eof  7'; exit "+code)
		c := ending(client{cpus: allowedCPUs(t), args: func(string, int) []string { return []string{wsperf} }}, 1, ended)
		_, err := c.runCommand(c.args("", 7), 7)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("exit code %s: error %v, want %q", code, err, want)
		}
	}
}

func TestMemoryPerHandshake(t *testing.T) {
	if kb := memory.of(cost{handshakes: 10000, peakBytes: 162_000_000}, cost{peakBytes: 12_000_000}); kb != 15 {
		t.Errorf("%v KB, want 15", kb)
	}
}

// TestEarlierCommit: without the commit the comparison is left out, and says why.
func TestEarlierCommit(t *testing.T) {
	err := buildAsOf("0000000000000000000000000000000000000000", filepath.Join(t.TempDir(), "wsperf"))
	if err == nil || !strings.Contains(err.Error(), "build wsperf as of commit 0000") || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v", err)
	}
	var out strings.Builder
	b := &bench{pairs: 1, handshakes: 2, only: "before it had", earlierErr: err}
	if err := b.compareAll(&out); err != nil || !strings.Contains(out.String(), "without TLS: wsperf before it had wss://: skipped: build wsperf as of") {
		t.Errorf("%q, error %v", &out, err)
	}
}

// TestTLSFloor: the C client makes as many handshakes as it is told to, of the kind that it is told, and refuses another.
func TestTLSFloor(t *testing.T) {
	p, other := programsIn(t.TempDir()), programsIn(t.TempDir())
	if err := exec.Command("sh", "-c", "command -v gcc && test -f /usr/include/openssl/ssl.h").Run(); err != nil {
		t.Skip("gcc and OpenSSL are not installed (bench/floor/install)")
	}
	t.Chdir("../..")
	if err := p.build(func(path string) bool { return path == p.tlsFloor || path == p.wsperf }); err != nil {
		t.Fatal(err)
	}
	for _, p := range []programs{p, other} {
		if err := p.writeChain(); err != nil {
			t.Fatal(err)
		}
	}
	b, running := &bench{programs: p}, newTestees(t)
	for _, test := range []struct {
		tickets bool
		options string
		want    string
	}{
		{false, "", "100\n"},
		{false, "-2", "100\n"},
		{false, "-c " + p.root, "100\n"},
		{true, "-r", "100\n"},
		{true, "-2 -r", "100\n"},
		{false, "-r", "has sent no ticket"},
		{false, "-c /dev/null", "/dev/null: "},
		{false, "-c " + p.key, p.key + ": "},
		{false, "-c " + other.root, "certificate verify failed"},
	} {
		port, err := running.port(b.tlsTestee(test.tickets))
		if err != nil {
			t.Fatal(err)
		}
		c := b.tlsFloor("floor", testeeSpec{}, strings.Fields(test.options)...)
		args := c.args(port, 100)
		out := runBounded(t, args)
		if !strings.Contains(out, test.want) {
			t.Errorf("%s: %q, want %q", test.options, out, test.want)
		}
	}
}

// runBounded returns both outputs of a command.
func runBounded(t *testing.T, args []string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	timer := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	out, _ := cmd.CombinedOutput()
	return string(out)
}
