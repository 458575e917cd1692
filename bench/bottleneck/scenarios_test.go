package bottleneck

import (
	"fmt"
	"net/netip"
	"os/exec"
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
	made  func(t *stage) (r *stats.Result, right []stats.Bottleneck)
}

// scenarios is the table. A new one is a row.
func scenarios() []scenario {
	return []scenario{
		{"each on a CPU of its own", true, eachOnItsOwn},
		{"a testee in C, cheaper than the client", false, cheapTestee},
		{"a testee in C that computes for 50 us", false, costlyTestee},
		{"a testee in Python, with one thread", true, singleThread},
		{"a client with a quota of 20 % of a CPU", false, throttledClient},
		{"a client of low priority beside a busy neighbour", false, fencedInClient},
		{"client and testee on one CPU", false, oneCPU},
		{"a listen backlog of 8", false, shortBacklog},
		{"20 ms of delay, 100 in flight", false, longWay},
		{"a tenth of the highest rate", true, lowRate},
		{"a testee with a quota of 20 % of a CPU", false, throttledTestee},
		{"a slow testee elsewhere, hidden", false, elsewhere},
		{"a TLS signature that costs the client most", false, costlySignature},
		{"20 ms of delay, 50 in flight, TLS", false, longSecureWay},
	}
}

func only(kinds ...stats.Bottleneck) []stats.Bottleneck { return kinds }

// eachOnItsOwn has nothing that slows down client or testee: whose threads used more of their
// CPU is the bottleneck. They are close to each other in many runs; then either is.
func eachOnItsOwn(t *stage) (*stats.Result, []stats.Bottleneck) {
	r, ahead := t.apart(t.builtin(process{cpu: t.testee}))
	const closeBy = 0.05
	switch {
	case ahead > closeBy:
		return r, only(stats.BottleneckClient)
	case ahead < -closeBy:
		return r, only(stats.BottleneckTestee)
	}
	return r, only(stats.BottleneckClient, stats.BottleneckTestee)
}

func cheapTestee(t *stage) (*stats.Result, []stats.Bottleneck) {
	r, _ := t.apart(t.native(process{cpu: t.testee}))
	return r, only(stats.BottleneckClient)
}

func costlyTestee(t *stage) (*stats.Result, []stats.Bottleneck) {
	r, _ := t.apart(t.native(process{cpu: t.testee}, "--spin", "50"))
	return r, only(stats.BottleneckTestee)
}

// apart measures a testee with a client on the other CPU. It returns by how much of a CPU the
// client's loop was busier than the testee's threads, by the result and by the threads' clocks.
func (t *stage) apart(s testee, options ...string) (r *stats.Result, ahead float64) {
	t.Helper()
	before := cpuNs(t.T, s.PID())
	r = t.measure(process{cpu: t.client}, s, forAWhile(options...)...)
	testee := float64(cpuNs(t.T, s.PID())-before) / float64(r.Duration())
	client := float64(r.Loops[0].CPUUs) / float64(r.Duration().Microseconds())
	t.Logf("client %.3f, testee %.3f of a CPU", client, testee)
	return r, client - testee
}

// singleThread has a testee that works for 50 us on each handshake: that of wsperf's own takes 40.
func singleThread(t *stage) (*stats.Result, []stats.Bottleneck) {
	needs(t.T, "python3")
	s := t.python(process{cpu: t.testee}, "--work", "50")
	return t.measure(process{cpu: t.client}, s, forAWhile()...), only(stats.BottleneckTestee)
}

func throttledClient(t *stage) (*stats.Result, []stats.Bottleneck) {
	s := t.builtin(process{cpu: t.testee})
	return t.measure(process{cpu: t.client, prefix: inCgroup(t.T, 0.2)}, s, forAWhile()...), only(stats.BottleneckQuota)
}

func fencedInClient(t *stage) (*stats.Result, []stats.Bottleneck) {
	needs(t.T, "python3")
	s := t.builtin(process{cpu: t.testee})
	t.python(process{cpu: t.client}, "--busy")
	return t.measure(process{cpu: t.client, prefix: []string{"nice", "-n", "19"}}, s, forAWhile()...), only(stats.BottleneckClient)
}

func oneCPU(t *stage) (*stats.Result, []stats.Bottleneck) {
	s := t.builtin(process{cpu: t.client})
	return t.measure(process{cpu: t.client}, s, forAWhile()...), only(stats.BottleneckShared)
}

func shortBacklog(t *stage) (*stats.Result, []stats.Bottleneck) {
	needs(t.T, "python3")
	s := t.python(process{cpu: t.testee}, "--backlog", "8")
	return t.measure(process{cpu: t.client}, s, forAWhile("--connect-timeout", "3s", "--open-timeout", "3s")...), only(stats.BottleneckKernel)
}

// longWay has the delay each way, so that a handshake takes 80 ms: 100 of them at once are 1250 a second.
func longWay(t *stage) (*stats.Result, []stats.Bottleneck) {
	return t.far(nil, nil), only(stats.BottleneckWatermark)
}

// far measures the built-in testee across a link of 20 ms each way, with 50 to 100 in flight. Client and
// testee have further options.
func (t *stage) far(ofTestee, ofClient []string) *stats.Result {
	t.Helper()
	link, err := emulator.New(emulator.Config{Delay: 20 * time.Millisecond})
	skipIfRefused(t.T, err)
	t.Cleanup(func() { link.Close() })
	at := netip.AddrPortFrom(emulator.Far4.Addr(), 9001)
	s := t.builtin(process{in: link.Far, cpu: -1}, append([]string{"--listen", at.String()}, ofTestee...)...)
	return t.measure(process{in: link.Near, cpu: -1}, s, forAWhile(append([]string{"--loops", "0", "--low", "50", "--high", "100"}, ofClient...)...)...)
}

// lowRate finds the highest rate first.
func lowRate(t *stage) (*stats.Result, []stats.Bottleneck) {
	s := t.builtin(process{cpu: t.testee})
	most := t.measure(process{cpu: t.client}, s, "--duration", "500ms").HandshakesPerSecond()
	wakesLate := t.watchTimers()
	r := t.measure(process{cpu: t.client}, s, forAWhile("--rate", fmt.Sprintf("%.0f", most/10))...)
	t.late = wakesLate()
	return r, only(stats.BottleneckRate)
}

func throttledTestee(t *stage) (*stats.Result, []stats.Bottleneck) {
	s := t.builtin(process{cpu: t.testee, prefix: inCgroup(t.T, 0.2)})
	return t.measure(process{cpu: t.client}, s, forAWhile()...), only(stats.BottleneckTestee)
}

// elsewhere has the testee in a network namespace of its own. It works for 300 us on each
// handshake, so that wsperf is idle for most of the time.
func elsewhere(t *stage) (*stats.Result, []stats.Bottleneck) {
	needs(t.T, "python3")
	near, far := newNamespace(t.T), newNamespace(t.T)
	ends := [2]netns.End{
		{Namespace: near, Name: "near", Addresses: []netip.Prefix{netip.MustParsePrefix("10.98.0.1/24")}},
		{Namespace: far, Name: "far", Addresses: []netip.Prefix{netip.MustParsePrefix("10.98.0.2/24")}},
	}
	if err := netns.Veth(ends[0], ends[1]); err != nil {
		t.Fatal(err)
	}
	s := t.python(process{in: far, cpu: t.testee}, "--address", "10.98.0.2", "--work", "300")
	return t.measure(process{in: near, cpu: t.client}, s, forAWhile("--pid", "none")...), only(stats.BottleneckRemote)
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
