package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wsperf/engine/host"
)

func allowedCPUs(t *testing.T) []int {
	t.Helper()
	cpus, err := host.AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	return cpus
}

// needTwoCPUs skips the test where the command refuses to run.
func needTwoCPUs(t *testing.T) {
	t.Helper()
	if len(allowedCPUs(t)) < 2 {
		t.Skip("client and testee need a CPU each")
	}
}

func TestParse(t *testing.T) {
	needTwoCPUs(t)
	b, err := parse(strings.Fields("-pairs 3 -handshakes 40 -only namespace -out FILE -ancestor sh"))
	if err != nil {
		t.Fatal(err)
	}
	if b.pairs != 3 || b.handshakes != 40 || b.only != "namespace" || b.out != "FILE" || b.ancestor != "sh" || b.clientCPU == b.testeeCPU {
		t.Errorf("%+v", b)
	}
	if got, want := b.command(), `go run ./bench/cost -pairs 3 -handshakes 40 -only "namespace" -ancestor FILE`; got != want {
		t.Errorf("command %s, want %s", got, want)
	}
	if b, err = parse(nil); err != nil || b.pairs != 10 || b.handshakes != 50000 || b.only != "" || b.out != "" {
		t.Errorf("defaults %+v, error %v", b, err)
	}
	if got, want := b.command(), "go run ./bench/cost -pairs 10 -handshakes 50000"; got != want {
		t.Errorf("command %s, want %s", got, want)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"-pairs 0", "-pairs 0: must be 1 or more"},
		{"-handshakes 1", "-handshakes 1: must be 2 or more"},
		{"-pairs x", `invalid value "x" for flag -pairs: parse error`},
		{"-speed 1", "flag provided but not defined: -speed"},
		{"all", `argument "all": must be an option`},
		{"-ancestor /no/file", `-ancestor must be an executable file: exec: "/no/file": stat /no/file: no such file or directory`},
		{"-only ancestor\x1b", `-only "ancestor\x1b": must be a part of a title: "64 in flight", "500 in flight", "another namespace: `},
		{"-only itself", "(those with the ancestor itself need -ancestor FILE)"},
	} {
		if _, err := parse(strings.Fields(test.args)); err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: error %v, want %s", test.args, err, test.want)
		}
	}
	if _, err := parse([]string{"-h"}); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: %v", err)
	}
}

// TestOnly: the ancestor itself can be chosen if it is there.
func TestOnly(t *testing.T) {
	needTwoCPUs(t)
	for args, want := range map[string]string{
		"-only namespace": "another namespace: a testee behind a veth pair, 500 in flight",
		"-only open":      "more open: a testee that closes when that many wait",
		"-ancestor sh -only 500": "500 in flight; another namespace: a testee behind a veth pair, 500 in flight; " +
			"late starts, 5000/s; 5000 starts a second, by the clock and one after the other; " +
			"the ancestor itself, 0 threads, 250 to 500 in flight",
	} {
		b, err := parse(strings.Fields(args))
		if err != nil {
			t.Fatal(err)
		}
		var titles []string
		for _, c := range b.comparisons() {
			if b.wanted(c) {
				titles = append(titles, c.title)
			}
		}
		if got := strings.Join(titles, "; "); got != want {
			t.Errorf("%s: %s, want %s", args, got, want)
		}
	}
}

func TestDividedHandshakes(t *testing.T) {
	for _, test := range []struct{ asked, divisor, want int }{{50000, 0, 50000}, {50000, 100, 500}, {50, 100, 1}} {
		if got := (comparison{divisor: test.divisor}).handshakes(test.asked); got != test.want {
			t.Errorf("%d asked for, divisor %d: %d, want %d", test.asked, test.divisor, got, test.want)
		}
	}
}

// script writes an executable shell script and returns its path.
func script(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// quietTestee is a testee that listens to nobody and exits at the end of its input.
func quietTestee(t *testing.T) testeeSpec {
	return testeeSpec{command: script(t, "testee", "echo listening on 127.0.0.1:4711; cat >/dev/null")}
}

// shell is a client that runs a shell command line, with port and number of handshakes as
// $1 and $2.
func shell(t *testing.T, name string, spec testeeSpec, line string) client {
	return client{name: name, cpus: allowedCPUs(t), testee: spec, made: printed, args: func(port string, handshakes int) []string {
		return []string{"sh", "-c", line, name, port, itoa(handshakes)}
	}}
}

func newTestees(t *testing.T) *testees {
	t.Helper()
	running := &testees{cpu: allowedCPUs(t)[0], running: map[testeeSpec]*testee{}}
	t.Cleanup(running.stop)
	return running
}

// TestRounds: the order is reversed every other round, and the first round is discarded.
func TestRounds(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	spec := quietTestee(t)
	var c comparison
	for _, name := range []string{"a", "b", "c"} {
		c.clients = append(c.clients, shell(t, name, spec, `echo "$0 $1 $2" >>`+log+`; echo $2`))
	}
	b := &bench{pairs: 3, handshakes: 7}
	runs, err := b.rounds(c, newTestees(t))
	if err != nil {
		t.Fatal(err)
	}
	for i := range c.clients {
		if len(runs[i]) != 3 || runs[i][0].handshakes != 7 || runs[i][0].cpuUs() <= 0 || runs[i][0].perSecond <= 0 || runs[i][0].peakBytes < 100_000 {
			t.Errorf("client %d: %+v, want 3 runs of 7 handshakes", i, runs[i])
		}
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	const want = "a b c c b a a b c c b a "
	if got := strings.ReplaceAll(string(text), " 4711 7\n", " "); got != want {
		t.Errorf("order of the runs: %s, want %s", got, want)
	}
}

// TestRunThatFailsIsNoRow: a later round fails, and nothing of the comparison is printed.
func TestRunThatFailsIsNoRow(t *testing.T) {
	spec := quietTestee(t)
	for _, test := range []struct{ line, want string }{
		{"echo 7; echo 'no \033 luck' >&2; exit 1", `exit status 1: standard output "7\n", standard error "no \x1b luck\n"`},
		{"echo 7; kill -KILL $$", `signal: killed: standard output "7\n", standard error ""`},
		{"true", `0 handshakes, must be 7: standard output "", standard error ""`},
		{"echo 6", `6 handshakes, must be 7: standard output "6\n"`},
		{"echo seven", `0 handshakes, must be 7: standard output "seven\n"`},
	} {
		first := filepath.Join(t.TempDir(), "first") // is there from the second run on
		c := comparison{clients: []client{
			shell(t, "good", spec, "echo 7"),
			shell(t, "bad", spec, "if mkdir "+first+" 2>/dev/null; then echo 7; else "+test.line+"; fi"),
		}, figures: []figure{cpu}}
		b := &bench{pairs: 3, handshakes: 7}
		runs, err := b.rounds(c, newTestees(t))
		if runs != nil || err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: %d rows, error %v, want %s", test.line, len(runs), err, test.want)
		}
	}
	missing := client{name: "missing", testee: spec, cpus: allowedCPUs(t), made: printed,
		args: func(string, int) []string { return []string{"/no/client"} }}
	if _, err := missing.run(newTestees(t), 7); err == nil || !strings.Contains(err.Error(), "/no/client: no such file") {
		t.Errorf("client that cannot be started: %v", err)
	}
}

func TestTesteeThatDoesNotStart(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"echo 'no \033 memory' >&2; exit 3", `first line "", error no line on its standard output; exit: exit status 3: "no \x1b memory\n"`},
		{"echo hello; cat >/dev/null", `first line "hello", error <nil>; exit: <nil>: ""`},
		{"kill -KILL $$", `exit: signal: killed`},
	} {
		spec := testeeSpec{command: script(t, "testee", test.text)}
		_, err := newTestees(t).port(spec)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want %s", test.text, err, test.want)
		}
	}
}

// TestTwoProcesses: the run fails if either process does.
func TestTwoProcesses(t *testing.T) {
	const begin = "for cpu; do :; done; " // the last argument; --conns is $4
	for _, test := range []struct{ name, text, want string }{
		{"both succeed", `echo "Success: $4"`, ""},
		{"the first fails", `[ $cpu = 0 ] && exit 3; echo "Success: $4"`, "exit status 3"},
		{"the first fails late", `[ $cpu = 0 ] && sleep 0.3 && exit 3; echo "Success: $4"`, "exit status 3"},
		{"the second fails", `[ $cpu = 1 ] && exit 4; echo "Success: $4"`, "exit status 4"},
		{"both fail", `exit 5`, "exit status 5"},
		{"the first is killed", `[ $cpu = 0 ] && kill -KILL $$; echo "Success: $4"`, "exit status 137"},
		{"one makes too few", `echo "Success: 3"`, "6 handshakes, must be 7"},
	} {
		b := &bench{clientCPU: 0, testeeCPU: 1} // --cpus is for the script only
		b.programs.wsperf = script(t, "wsperf", begin+test.text)
		c := b.twoProcesses("two", b.wsperf("", testeeSpec{}, 2))
		c.cpus = allowedCPUs(t)
		r, err := c.runCommand(c.args("4711", 7), 7)
		switch {
		case test.want == "" && (err != nil || r.lasted <= 0):
			t.Errorf("%s: %v", test.name, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: error %v, want %s", test.name, err, test.want)
		}
	}
}

// TestLate: what the sleeper and the report print of late starts.
func TestLate(t *testing.T) {
	const sleeper = "2000 sleeps, late by 25.4 us at the median, 101.0 us at q99\n"
	if n, l := sleeps(sleeper), lateOf(sleeper); n != 2000 || l != (lateness{25.4, 101}) {
		t.Errorf("%d sleeps, %+v", n, l)
	}
	const report = "Load\n\n  Late      by 26 us at the median, 12.5 ms at q99, 13.0 ms at most: the client's own delay of the starts\n"
	if l := lateOf(report); l != (lateness{26, 12500}) {
		t.Errorf("%+v of a report", l)
	}
	if n, l := sleeps("2000\n"), lateOf("Late by 7 us"); n != 0 || l != (lateness{}) {
		t.Errorf("%d sleeps, %+v of another output", n, l)
	}
}

func TestMade(t *testing.T) {
	for _, test := range []struct {
		of     func(string) int
		output string
		want   int
	}{
		{printed, "50000\n", 50000},
		{printed, "-1\n", -1},
		{printed, "", 0},
		{reported, "             Total:     50000\n           Success:     49999\n              Fail:         1\n", 49999},
		{reported, "           Success:       500\n\n           Success:       501\n", 1001},
		{reported, "", 0},
		{ended, "Causes of failure\n\n  secure_eof                   1001\n      \"EOF\" (3 bytes, 3 samples)\n", 1001},
		{ended, "  secure_timeout    1001\n", 0},
		{full, "  secure         250      3.514    535.551\n  secure_resumed        251      7.192    535.039\n", 250},
		{resumed, "  secure         250      3.514    535.551\n  secure_resumed        251      7.192    535.039\n", 251},
		{resumed, "  secure         250      3.514    535.551\n", 0},
		{full, "  secure_resumed        251      7.192    535.039\n", 0},
		{recorded, `{"total_duration":1,"connection_stats":[{"open":1,"failed":false},{"open":1,"failed":true},{"failed":false}]}`, 2},
		{recorded, "", 0},
	} {
		if got := test.of(test.output); got != test.want {
			t.Errorf("%q: %d, want %d", test.output, got, test.want)
		}
	}
}

// TestCompareAll: a comparison that cannot run here is named, and one that fails ends the
// command without a table.
func TestCompareAll(t *testing.T) {
	var out bytes.Buffer
	b := &bench{pairs: 1, handshakes: 2, only: "namespace", testeeCPU: allowedCPUs(t)[0]}
	b.network.err = errors.New("needs root")
	const skipped = "\nanother namespace: a testee behind a veth pair, 500 in flight: skipped: needs root\n"
	if err := b.compareAll(&out); err != nil || out.String() != skipped {
		t.Errorf("%q, error %v, want %q", &out, err, skipped)
	}
	out.Reset()
	b.only = "64"
	b.programs.testee = script(t, "testee", "exit 9")
	const want = "64 in flight: "
	if err := b.compareAll(&out); err == nil || !strings.HasPrefix(err.Error(), want) || out.Len() > 0 {
		t.Errorf("output %q, error %v, want %s... and no output", &out, err, want)
	}
}
