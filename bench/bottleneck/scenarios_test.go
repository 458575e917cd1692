package bottleneck

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"wsperf/bench/link/emulator"
	"wsperf/bench/link/netns"
	"wsperf/stats"
)

// scenario is a situation whose bottleneck is known.
type scenario struct {
	name  string
	short bool // also with -short
	made  func(t *testing.T, c cpus) (r *stats.Result, right []stats.Bottleneck)
}

// cpus are two of the machine: one is the testee's in most scenarios.
type cpus struct{ client, testee int }

// scenarios is the table. A new one is a row.
func scenarios() []scenario {
	return []scenario{
		{"each on a CPU of its own", true, eachOnItsOwn},
		{"a testee in Python, with one thread", true, singleThread},
		{"a client with a quota of 20 % of a CPU", false, throttledClient},
		{"a client of low priority beside a busy neighbour", false, fencedInClient},
		{"client and testee on one CPU", false, oneCPU},
		{"a listen backlog of 8", false, shortBacklog},
		{"20 ms of delay, 100 in flight", false, longWay},
		{"a tenth of the highest rate", true, lowRate},
		{"a testee with a quota of 20 % of a CPU", false, throttledTestee},
		{"a slow testee elsewhere, hidden", false, elsewhere},
	}
}

func only(kinds ...stats.Bottleneck) []stats.Bottleneck { return kinds }

// eachOnItsOwn: whose threads used more of their CPU is the bottleneck. If that is within
// closeBy of the other's, either is.
func eachOnItsOwn(t *testing.T, c cpus) (*stats.Result, []stats.Bottleneck) {
	s := process{cpu: c.testee}.builtin(t)
	before := cpuNs(t, s.PID())
	r := process{cpu: c.client}.measure(t, s, forAWhile()...)
	testee := float64(cpuNs(t, s.PID())-before) / float64(r.Duration())
	client := float64(r.Loops[0].CPUUs) / float64(r.Duration().Microseconds())
	const closeBy = 0.05
	switch {
	case client > testee+closeBy:
		return r, only(stats.BottleneckClient)
	case testee > client+closeBy:
		return r, only(stats.BottleneckTestee)
	}
	return r, only(stats.BottleneckClient, stats.BottleneckTestee)
}

func singleThread(t *testing.T, c cpus) (*stats.Result, []stats.Bottleneck) {
	needs(t, "python3")
	s := process{cpu: c.testee}.python(t)
	return process{cpu: c.client}.measure(t, s, forAWhile()...), only(stats.BottleneckTestee)
}

func throttledClient(t *testing.T, c cpus) (*stats.Result, []stats.Bottleneck) {
	s := process{cpu: c.testee}.builtin(t)
	return process{cpu: c.client, prefix: inCgroup(t, 0.2)}.measure(t, s, forAWhile()...), only(stats.BottleneckQuota)
}

func fencedInClient(t *testing.T, c cpus) (*stats.Result, []stats.Bottleneck) {
	needs(t, "python3")
	s := process{cpu: c.testee}.builtin(t)
	process{cpu: c.client}.python(t, "--busy")
	return process{cpu: c.client, prefix: []string{"nice", "-n", "19"}}.measure(t, s, forAWhile()...), only(stats.BottleneckClient)
}

func oneCPU(t *testing.T, c cpus) (*stats.Result, []stats.Bottleneck) {
	s := process{cpu: c.client}.builtin(t)
	return process{cpu: c.client}.measure(t, s, forAWhile()...), only(stats.BottleneckShared)
}

func shortBacklog(t *testing.T, c cpus) (*stats.Result, []stats.Bottleneck) {
	needs(t, "python3")
	s := process{cpu: c.testee}.python(t, "--backlog", "8")
	return process{cpu: c.client}.measure(t, s, forAWhile("--connect-timeout", "3s")...), only(stats.BottleneckKernel)
}

// longWay has the delay each way, so that a handshake takes 80 ms: 100 of them at once are 1250 a second.
func longWay(t *testing.T, _ cpus) (*stats.Result, []stats.Bottleneck) {
	link, err := emulator.New(emulator.Config{Delay: 20 * time.Millisecond})
	skipIfRefused(t, err)
	t.Cleanup(func() { link.Close() })
	at := netip.AddrPortFrom(emulator.Far4.Addr(), 9001)
	s := process{in: link.Far, cpu: -1}.listens(t, programs.Wsperf(t), "testee", "--listen", at.String(), "--loops", "1", "--exit-on-eof")
	return process{in: link.Near, cpu: -1}.measure(t, s, forAWhile("--loops", "0", "--low", "50", "--high", "100")...), only(stats.BottleneckWatermark)
}

// lowRate finds the highest rate first.
func lowRate(t *testing.T, c cpus) (*stats.Result, []stats.Bottleneck) {
	s := process{cpu: c.testee}.builtin(t)
	most := process{cpu: c.client}.measure(t, s, "--duration", "500ms").HandshakesPerSecond()
	return process{cpu: c.client}.measure(t, s, forAWhile("--rate", fmt.Sprintf("%.0f", most/10))...), only(stats.BottleneckRate)
}

func throttledTestee(t *testing.T, c cpus) (*stats.Result, []stats.Bottleneck) {
	s := process{cpu: c.testee, prefix: inCgroup(t, 0.2)}.builtin(t)
	return process{cpu: c.client}.measure(t, s, forAWhile()...), only(stats.BottleneckTestee)
}

// elsewhere has the testee in a network namespace of its own. It works for 300 us on each
// handshake, so that wsperf is idle for most of the time.
func elsewhere(t *testing.T, c cpus) (*stats.Result, []stats.Bottleneck) {
	needs(t, "python3")
	near, far := newNamespace(t), newNamespace(t)
	ends := [2]netns.End{
		{Namespace: near, Name: "near", Addresses: []netip.Prefix{netip.MustParsePrefix("10.98.0.1/24")}},
		{Namespace: far, Name: "far", Addresses: []netip.Prefix{netip.MustParsePrefix("10.98.0.2/24")}},
	}
	if err := netns.Veth(ends[0], ends[1]); err != nil {
		t.Fatal(err)
	}
	s := process{in: far, cpu: c.testee}.python(t, "--address", "10.98.0.2", "--work", "300")
	return process{in: near, cpu: c.client}.measure(t, s, forAWhile("--pid", "none")...), only(stats.BottleneckRemote)
}

func newNamespace(t *testing.T) *netns.Namespace {
	t.Helper()
	n, err := netns.New()
	skipIfRefused(t, err)
	t.Cleanup(func() { n.Close() })
	return n
}

func skipIfRefused(t *testing.T, err error) {
	t.Helper()
	if netns.IsRefused(err) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// needs skips the test without a program.
func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("needs %s", program)
	}
}

// twoCPUs returns two CPUs that this process may use.
func twoCPUs(t *testing.T) cpus {
	t.Helper()
	allowed := allowedCPUs(t)
	if len(allowed) < 2 {
		t.Skip("needs 2 CPUs")
	}
	return cpus{allowed[0], allowed[1]}
}

func holds(right []stats.Bottleneck, r *stats.Result) bool {
	return slices.Contains(right, r.Verdict.Kind)
}

func writeTable(path, text string) error { return os.WriteFile(path, []byte(text), 0o644) }
