//go:build cluster

package cluster

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/stats"
)

// launcher is an engine that wsperf launch hands the parts to.
type launcher interface {
	place() *cluster
	options(l *launched) []string                 // of launch, for all tests
	find(l *launched, part int) (pid int)         // the process of a part, 0: it does not run yet
	exited(part, code int) string                 // what launch says of a part that ends so
	awaitEnd(l *launched)                         // of parts that launch does not wait for
	logs(l *launched) []string                    // what the parts printed on standard output, in their order
	report(l *launched, options ...string) string // wsperf report of these, as the README has it
	remove(l *launched)                           // what --keep has kept
	checkCleared(l *launched)                     // nothing is left
	checkIncomplete(l *launched)                  // what is left where a part is missing
}

// launchTest is a test of wsperf launch with an engine and a testee.
type launchTest[L launcher] struct {
	name string
	test func(t *testing.T, by L, url string)
}

// launches are what each engine must do.
var launches = []launchTest[launcher]{
	{"a load is divided", loadIsDivided},
	{"a rate is divided", rateIsDivided},
	{"two at once", twoAtOnce},
	{"a part is killed", partIsKilled},
	{"a part is too late", partIsTooLate},
	{"a part cannot begin", partCannotBegin},
	{"Ctrl-C in the run", interruptedInTheRun},
	{"launch is killed", launchIsKilled},
	{"a node is lost", nodeIsLost},
}

func TestLaunch(t *testing.T) {
	for _, by := range []launcher{onKubernetes{cluster: kubernetes}, onSlurm{slurm}} {
		t.Run(by.place().kind, func(t *testing.T) { launchEach(t, by, launches) })
	}
}

// launchEach does each test with a testee of its own.
func launchEach[L launcher](t *testing.T, by L, tests []launchTest[L]) {
	t.Helper()
	by.place().need(t)
	for _, l := range tests {
		t.Run(l.name, func(t *testing.T) {
			url := by.place().testee(t)
			step(t, "launch", func() { l.test(t, by, url) })
		})
	}
}

// loadIsDivided: the parts make the connections of the whole together, the merged histograms are those of all values,
// and launch's result is what report makes of the parts'.
func loadIsDivided(t *testing.T, by launcher, url string) {
	l := launch(t, by, url, "--keep --run-id=r7 --- --conns 5000 --low 10 --high 20 --log")
	l.ends(0)
	l.said("waiting for 3 parts", allReady)
	r := l.parts(5000, 0, 1, 2)
	var hosts []string
	for i, p := range r.Parts {
		hosts = append(hosts, p.Host)
		if !p.Begun || p.RunID != "r7" || p.Done.Started < 1666 || p.Done.Started > 1667 {
			t.Errorf("part %d: %+v, %+v", i, p, p.Done)
		}
	}
	slices.Sort(hosts)
	if got := strings.Join(hosts, " "); got != "n1 n2 n3" {
		t.Errorf("the parts ran on %s", got)
	}
	logs := by.logs(l)
	compareHistograms(t, logs, r)
	report := by.place().command(t, programs.Wsperf(t), "report", "--json", "--expect=3", "-")
	report.Stdin = strings.NewReader(strings.Join(logs, "\n"))
	compareLines(t, l.text(), output(t, report))
	by.remove(l)
}

// compareHistograms records the times of each connection, which are in the parts' logs.
func compareHistograms(t *testing.T, logs []string, merged *stats.Result) {
	t.Helper()
	open, close := merged.Phases[stats.PhaseOpen].Success, merged.Phases[stats.PhaseClose].Success
	wantOpen, wantClose := stats.NewHistogram(), stats.NewHistogram()
	for _, log := range logs {
		var part struct {
			Connections []struct{ Open, Close int64 } `json:"connection_stats"`
		}
		if err := json.Unmarshal([]byte(log), &part); err != nil {
			t.Fatal(err)
		}
		for _, c := range part.Connections {
			if err := errors.Join(wantOpen.RecordValue(c.Open), wantClose.RecordValue(c.Close)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !open.Equals(wantOpen) || !close.Equals(wantClose) || open.TotalCount() != 5000 {
		t.Errorf("the merged histograms are not those of all values: open q99 %d us of %d, want %d of %d",
			open.ValueAtQuantile(99), open.TotalCount(), wantOpen.ValueAtQuantile(99), wantOpen.TotalCount())
	}
}

// compareLines compares launch's result with that of report.
func compareLines(t *testing.T, launched, reported string) {
	t.Helper()
	if launched == reported {
		return
	}
	want, got := strings.Split(launched, "\n"), strings.Split(reported, "\n")
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			t.Fatalf("line %d of launch's result and of report's:\n%.2000s\n%.2000s", i+1, want[i], got[i])
		}
	}
	t.Errorf("launch's result has %d lines, report's %d", len(want), len(got))
}

// soon is how close the parts begin.
const soon = 5 * time.Millisecond

// rateIsDivided: the rate is that of the whole; a machine with three nodes on two CPUs can be too busy to make all starts
// that are due, and to begin soon, so that may take several attempts.
func rateIsDivided(t *testing.T, by launcher, url string) {
	const attempts = 5
	var starts []time.Duration
	for range attempts {
		l := launch(t, by, url, "--- --rate 400 --duration 3s")
		l.ends(0)
		r := l.parts(0, 0, 1, 2)
		if r.Load.Offered < 399.6 || r.Load.Offered > 400.4 || r.Load.Due < 1199 || r.Load.Due > 1201 || r.Total+r.Load.Owed != r.Load.Due {
			t.Errorf("%v starts a second were offered, %d were due and %d made, want 400 and 1200 within 0.1 %%", r.Load.Offered, r.Load.Due, r.Total)
		}
		s, ok := r.Spread()
		if starts = append(starts, s.Starts); ok && s.Starts <= soon {
			by.checkCleared(l)
			return
		}
	}
	t.Errorf("the parts began within %v, want %v", starts, soon)
}

func twoAtOnce(t *testing.T, by launcher, url string) {
	a, b := launch(t, by, url, "--- --conns 1000"), launch(t, by, url, "--- --conns 2000")
	a.ends(0)
	b.ends(0)
	if a, b := a.parts(1000, 0, 1, 2), b.parts(2000, 0, 1, 2); a.Parts[0].RunID == b.Parts[0].RunID {
		t.Errorf("both runs are %s", a.Parts[0].RunID)
	}
	by.checkCleared(a)
	by.checkCleared(b)
}

// partIsKilled: the others run to their end.
func partIsKilled(t *testing.T, by launcher, url string) {
	l := launch(t, by, url, "--grace=10s --- --duration 4s")
	l.says(allReady)
	l.kill(l.part(1), unix.SIGKILL)
	l.ends(3)
	l.said(by.exited(1, 137), "it has no result", "part 1 of 3 is missing")
	if r := l.parts(0, 0, 2); r.Fail > 0 || r.Duration() < 4*time.Second {
		t.Errorf("%d failures, %v", r.Fail, r.Duration())
	}
	by.checkIncomplete(l)
}

// partIsTooLate: a part that is stopped at the moment does not begin. It is not the first that has come to its end: the
// others have all the time that they need.
func partIsTooLate(t *testing.T, by launcher, url string) {
	l := launch(t, by, url, "--lead=4s --max-late=1s --grace=6s --allow-missing=1 --- --duration 12s --rate 100")
	pid := l.part(2)
	l.says(allReady)
	l.kill(pid, unix.SIGSTOP)
	time.Sleep(5500 * time.Millisecond) // later than the moment by more than --max-late
	l.kill(pid, unix.SIGCONT)
	l.ends(0)
	l.said(by.exited(2, 4))
	r := l.parts(0, 0, 1, 2)
	if begun := len(r.Parts) == 3 && r.Parts[2].Begun; begun || r.Duration() < 11*time.Second {
		t.Errorf("%v, %+v", r.Duration(), r.Parts)
	}
	by.checkCleared(l)
}

// partCannotBegin: what the part has said is known.
func partCannotBegin(t *testing.T, by launcher, url string) {
	l := launch(t, by, url, "--- --cpus 1023")
	l.ends(1)
	l.said("of 3 parts ended before the run began", ": CPU 1023 is not allowed")
	by.checkCleared(l)
}

// interruptedInTheRun: the parts report what they have measured.
func interruptedInTheRun(t *testing.T, by launcher, url string) {
	l := launch(t, by, url, "--- --duration 60s --rate 300")
	l.says(allReady)
	time.Sleep(5 * time.Second) // some of the run
	l.interrupt()
	l.ends(130)
	if r := l.parts(0, 0, 1, 2); r.Success == 0 || r.Duration() > 50*time.Second {
		t.Errorf("%d connections, %v", r.Success, r.Duration())
	}
	if strings.Contains(l.err.String(), "warning") {
		t.Errorf("launch said %s", &l.err)
	}
	by.checkCleared(l)
}

// launchIsKilled: the parts do not need it any more, and what they print is enough for a report.
func launchIsKilled(t *testing.T, by launcher, url string) {
	l := launch(t, by, url, "--- --conns 3000")
	l.says(allReady)
	l.kill(l.own(), unix.SIGKILL)
	l.ends(137)
	by.awaitEnd(l)
	by.report(l, "--expect=3", "--require=success == 3000")
	by.remove(l)
}

// nodeIsLost: launch does not wait until the engine notices, and says which part is missing.
func nodeIsLost(t *testing.T, by launcher, url string) {
	l := launch(t, by, url, "--grace=10s --lead=3s --- --duration 4s --rate 100")
	l.says(allReady)
	time.Sleep(4 * time.Second) // they have begun
	c := by.place()
	c.kill(t, nodes)
	l.ends(3)
	missing := 0 + 1 + 2
	for _, p := range l.result().Parts {
		missing -= p.Number
	}
	l.said("1 of 3 parts have not ended within 10s", "part "+strconv.Itoa(missing)+" of 3 is missing")
	c.startNode(t, nodes)
	c.awaitNode(t, c.back)
	by.checkIncomplete(l)
}
