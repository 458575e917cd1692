package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden file anew")

func itoa(n int) string { return strconv.Itoa(n) }

// measured are runs of three clients, whose medians and ratios are easy to compute by hand.
// The ratios of CPU time per round are 1.1, 0.9, 1.2 to the first client, and 0.55, 0.6, 0.4
// to the second one.
func measured() (comparison, [][]cost) {
	run := func(userUs, systemUs, perSecond float64) cost {
		return cost{handshakes: 1000, userUs: userUs, systemUs: systemUs, perSecond: perSecond, switches: 0.0125, peakBytes: 12_345_678}
	}
	return comparison{title: "two in flight", figures: []figure{cpu}, goal: "at most 1.05", clients: []client{{name: "floor"}, {name: "other"}, {name: "wsperf"}}},
		[][]cost{
			{run(1, 9, 20000), run(2, 18, 19000), run(0.5, 4.5, 21000)},
			{run(2, 18, 10000), run(3, 27, 9000), run(1.5, 13.5, 8000)},
			{run(1.5, 9.5, 20500), run(2, 16, 20100), run(1, 5, 20400)},
		}
}

func TestComparisonGolden(t *testing.T) {
	c, runs := measured()
	var out bytes.Buffer
	if err := writeComparison(&out, c, runs, []float64{9.07, 12, 8}); err != nil {
		t.Fatal(err)
	}
	c.figures = []figure{rate}
	if err := writeComparison(&out, c, runs, nil); err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "comparison.txt", out.Bytes())
}

// checkGolden compares an output with its file in testdata.
func checkGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("output\n%s\nwant\n%s(%v)", got, want, err)
	}
}

// TestCommandsGolden lists what every comparison runs, and on which CPUs.
func TestCommandsGolden(t *testing.T) {
	b := &bench{ancestor: "ANCESTOR", clientCPU: 2, testeeCPU: 5}
	b.programs = programs{wsperf: "WSPERF", floor: "FLOOR", tuned: "TUNED", testee: "TESTEE", websocketpp: "WEBSOCKETPP", sleeper: "SLEEPER",
		tlsFloor: "TLSFLOOR", bare: "BARE", earlier: "EARLIER", root: "ROOT", chain: "CHAIN", key: "KEY"}
	b.network = network{client: []string{"nsenter", "--net=NEAR"}, testee: "nsenter --net=FAR "}
	var out bytes.Buffer
	for _, c := range b.comparisons() {
		fmt.Fprintf(&out, "%s: %s, goal: %s\n", c.title, names(c.figures), c.goal)
		for i := range c.clients {
			writeCommands(&out, &c.clients[i], c.handshakes(1001))
		}
	}
	checkGolden(t, "commands.txt", out.Bytes())
}

func writeCommands(w io.Writer, c *client, handshakes int) {
	for ; c != nil; c = c.then {
		testee := c.testee.command
		if !c.testee.free {
			testee += " (pinned)"
		}
		fmt.Fprintf(w, "  %s on CPUs %v: %s\n    testee: %s\n", c.name, c.cpus, strings.Join(c.args("PORT", handshakes), " "), testee)
	}
}

func TestRatiosAreOfTheSameRound(t *testing.T) {
	c, runs := measured()
	for i, want := range [][]float64{{0.9, 1.1, 1.2}, {0.4, 0.55, 0.6}} {
		got := sortedRatios(runs[2], runs[i], c.figures[0])
		if !slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }) {
			t.Errorf("to client %d: %v, want %v", i, got, want)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		all  []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{4, 1}, 2.5}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 100, 1, 2}, 3}} {
		var runs []cost
		for _, v := range test.all {
			runs = append(runs, cost{perSecond: v})
		}
		if got := median(runs, perSecond); got != test.want {
			t.Errorf("median of %v is %v, want %v", test.all, got, test.want)
		}
		if runs[0].perSecond != test.all[0] {
			t.Errorf("median has reordered the runs, whose rounds belong together: %v", runs)
		}
	}
}

func names(figures []figure) string {
	var all []string
	for _, f := range figures {
		all = append(all, f.name)
	}
	return strings.Join(all, ", ")
}

func TestNewCost(t *testing.T) {
	usage := &syscall.Rusage{Utime: syscall.Timeval{Usec: 4000}, Stime: syscall.Timeval{Sec: 1, Usec: 96_000}, Nvcsw: 7, Nivcsw: 3, Maxrss: 1000}
	got := newCost(2000, 500*time.Millisecond, usage)
	want := cost{handshakes: 2000, userUs: 2, systemUs: 548, perSecond: 4000, switches: 0.005, peakBytes: 1_024_000}
	if got != want || got.cpuUs() != 550 {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestTotalCalls(t *testing.T) {
	const summary = "    calls syscall\n--------- ----------------\n    30012 read\n       12 total_other\n--------- ----------------\n    45678 total\n"
	if n, err := totalCalls(summary); n != 45678 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	for _, bad := range []string{"", "strace: exec: no\x1b such file\n", "    calls total\n", "0 total\n"} {
		if n, err := totalCalls(bad); err == nil || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q: %d, %v, want an error", bad, n, err)
		}
	}
}

// TestCountCalls runs a script in place of strace, which writes a summary and then runs the
// client.
func TestCountCalls(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{`echo "70 total" >$6; shift 6; exec "$@"`, ""},
		{`shift 6; exec "$@"`, "summary of strace: must have a line"},
		{`echo "70 total" >$6`, "0 handshakes, must be 7"},
		{`exit 1`, "exit status 1"},
	} {
		strace := script(t, "strace", test.text)
		t.Setenv("PATH", filepath.Dir(strace)+":"+os.Getenv("PATH"))
		calls, err := countCalls([]client{shell(t, "client", quietTestee(t), "echo 7")}, 7, newTestees(t))
		switch {
		case test.want == "" && (err != nil || len(calls) != 1 || calls[0] != 10):
			t.Errorf("%s: %v calls, error %v, want 10", test.text, calls, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: error %v, want %s", test.text, err, test.want)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if calls, err := countCalls([]client{shell(t, "client", testeeSpec{}, "")}, 7, newTestees(t)); calls != nil || err != nil {
		t.Errorf("without strace: %v, %v", calls, err)
	}
}

func TestWriteErrorIsReturned(t *testing.T) {
	c, runs := measured()
	if err := writeComparison(fullDisk{}, c, runs, nil); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v", err)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }
