package main

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wsperf/bench/link/emulator"
	"wsperf/bench/link/netns"
	"wsperf/bench/program"
	"wsperf/stats"
	"wsperf/stats/file"
)

var programs program.Builder

func TestMain(m *testing.M) { programs.Main(m) }

func wsperf(t *testing.T) string {
	t.Helper()
	return programs.Wsperf(t)
}

// network returns a link, and skips the test if this process may not make one.
func network(t *testing.T, cfg emulator.Config) *emulator.Link {
	t.Helper()
	link, err := emulator.New(cfg)
	if netns.IsRefused(err) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if c, err := link.Cost(); err != nil || c.Dropped > 0 {
			t.Errorf("the link was too slow for %d packets: %v", c.Dropped, err)
		}
		link.Close()
	})
	return link
}

// port is the testee's.
const port = 9001

var far4, far6 = netip.AddrPortFrom(emulator.Far4.Addr(), port), netip.AddrPortFrom(emulator.Far6.Addr(), port)

// builtIn starts the built-in testee at the far end, with more options.
func builtIn(t *testing.T, link *emulator.Link, at netip.AddrPort, args ...string) {
	t.Helper()
	command := []string{wsperf(t), "testee", "--listen", at.String(), "--loops", "1", "--exit-on-eof"}
	testee, err := startTestee(t.Context(), link, append(command, args...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { testee.End(stopTimeout) })
}

// outcome is the result of a run and its connections, in the order in which they ended.
type outcome struct {
	*stats.Result
	connections []connection
}

// connection is a record of the result file, in microseconds.
type connection struct {
	ConnectUs int64 `json:"tcp_pre_init"`
	OpenUs    int64 `json:"open"`
	CloseUs   int64 `json:"close"`
}

// run runs wsperf at the near end against an address, and reads its result file.
func run(t *testing.T, link *emulator.Link, to netip.AddrPort, args ...string) outcome {
	t.Helper()
	return runURL(t, link, "ws://"+to.String()+"/", args...)
}

// runURL is run for a URL.
func runURL(t *testing.T, link *emulator.Link, url string, args ...string) outcome {
	t.Helper()
	path, out, err := runInto(t, link, url, args)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return readOutcome(t, path)
}

// runFailing is run for connections that fail, and with them the command.
func runFailing(t *testing.T, link *emulator.Link, to netip.AddrPort, args ...string) outcome {
	t.Helper()
	path, out, err := runInto(t, link, "ws://"+to.String()+"/", args)
	if err == nil {
		t.Errorf("exit code 0, want an error\n%s", out)
	}
	return readOutcome(t, path)
}

// runInto uses one loop, which is not pinned: link and testee need CPUs too.
func runInto(t *testing.T, link *emulator.Link, url string, args []string) (path, out string, err error) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "result.json")
	out, err = runNear(t, link, append([]string{wsperf(t), "run", url, "--loops", "0", "--quiet", "--log", "--out", path}, args...))
	return path, out, err
}

// runNear runs a command at the near end to its end.
func runNear(t *testing.T, link *emulator.Link, command []string) (out string, err error) {
	t.Helper()
	var text strings.Builder
	o := options{command: command}
	err = o.runCommand(t.Context(), link, &text, &text)
	return text.String(), err
}

func readOutcome(t *testing.T, path string) outcome {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	result, err := file.Read(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	var log struct {
		Connections []connection `json:"connection_stats"`
	}
	if err := json.Unmarshal(text, &log); err != nil {
		t.Fatal(err)
	}
	return outcome{result, log.Connections}
}

// checkAllSucceeded checks that the counts are exact: that many connections, all of them
// successes.
func (o outcome) checkAllSucceeded(t *testing.T, want int) {
	t.Helper()
	causes := map[string]uint64{}
	for c, n := range o.Causes {
		if n > 0 {
			causes[stats.Cause(c).String()] = n
		}
	}
	fins := o.Fin.Received + o.Fin.Reset + o.Fin.Timeout
	if o.Total != uint64(want) || o.Success != uint64(want) || o.Fail != 0 || fins != uint64(want) || len(causes) != 0 {
		t.Errorf("%d connections, %d successes, %d fails, %d ends, causes %v; want %d successes", o.Total, o.Success, o.Fail, fins, causes, want)
	}
}
