package wire

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/engine/child"
	"wsperf/stats"
	"wsperf/stats/file"
)

// most is how much longer than on the wire phase open may be at a quantile.
const most = 20 * time.Microsecond

// slow is how long it takes at most on a machine that is fast enough for that from a clock to a
// stamp: 3 to 5 us here.
const slow = most / 2

// tries is how often a measurement is made. What others on the machine add to a quantile
// differs from one to the next, and a mistake does not.
const tries = 5

// load is a row of the test.
type load struct {
	name            string
	testee          testee
	inFlight, conns int
	sampled         bool // also make a run with the default, to show it beside
}

var loads = []load{
	{"1 in flight", whole, 1, 3000, true},
	{"64 in flight", whole, 64, 5000, true},
	{"64 in flight, responses in two segments", halves, 64, 4000, false},
	{"64 in flight, a message after the response", greeting, 64, 4000, false},
}

// TestOpenIsThatOnTheWire: phase open of --timestamps kernel.
//
// If a message follows the response, and both lie at this machine before the loop reads them,
// TCP may have merged their segments. It keeps the stamp of the last one (tcp_try_coalesce
// in net/ipv4/tcp_input.c), and open ends with that.
func TestOpenIsThatOnTheWire(t *testing.T) {
	for _, l := range links {
		for _, load := range loads {
			t.Run(l.name+", "+load.name, func(t *testing.T) {
				load.check(t, l.make(t))
			})
		}
	}
}

// compared are the quantiles that are compared, in percent.
var compared = []float64{50, 90, 99}

// check measures until each quantile has agreed at least once.
func (load load) check(t *testing.T, l link) {
	differs := slices.Clone(compared)
	for try := 0; try < tries && len(differs) > 0; try++ {
		a := load.attempt(t, l, stats.TimestampsKernel)
		t.Log(a)
		if stamped := a.lag().TotalCount(); stamped < int64(load.conns)*9/10 {
			t.Fatalf("%d of %d responses have a stamp", stamped, load.conns)
		}
		differs = slices.DeleteFunc(differs, a.agrees)
	}
	if load.sampled {
		t.Log(load.attempt(t, l, stats.TimestampsSampled))
	}
	if len(differs) == 0 {
		return
	}
	// A slow machine takes longer for what lies between the stamps, which no run of wsperf can change.
	before, after := l.instants(t)
	if own := median(before) + median(after); own > slow {
		t.Skipf("the machine is slow: %v at the median from a clock to the stamp of a segment, and to that of the socket", own)
	}
	t.Errorf("quantiles %v of phase open are not 0 to %v longer than on the wire, in any of %d attempts", differs, most, tries)
}

// attempt is a run and what the capture has of it.
type attempt struct {
	kind   stats.Timestamps
	result *stats.Result
	wire   *hdrhistogram.Histogram // until the response is complete
	last   *hdrhistogram.Histogram // until the testee's last segment before the client's next
}

func (a attempt) open() *hdrhistogram.Histogram { return a.result.Phases[stats.PhaseOpen].Success }
func (a attempt) lag() *hdrhistogram.Histogram  { return a.result.Phases[stats.PhaseLag].Success }

// agrees compares a quantile. All histograms have the same steps.
func (a attempt) agrees(percent float64) bool {
	open := quantile(a.open(), percent)
	return open >= quantile(a.wire, percent) && open <= quantile(a.last, percent)+most
}

func (a attempt) String() string {
	us := func(h *hdrhistogram.Histogram, percent float64) int64 { return quantile(h, percent).Microseconds() }
	text := fmt.Sprintf("--timestamps %v, in us:", a.kind)
	for _, percent := range compared {
		text += fmt.Sprintf(" q%v open %d, wire %d to %d, lag %d;", percent, us(a.open(), percent), us(a.wire, percent), us(a.last, percent), us(a.lag(), percent))
	}
	return text + fmt.Sprintf(" mean of open longer by %.1f", a.open().Mean()-a.wire.Mean())
}

func quantile(h *hdrhistogram.Histogram, percent float64) time.Duration {
	return time.Duration(h.ValueAtPercentile(percent)) * time.Microsecond
}

func (load load) attempt(t *testing.T, l link, kind stats.Timestamps) attempt {
	t.Helper()
	port := l.start(t, load.testee(t, l.address))
	c := l.startCapture(t)
	result := load.run(t, l, port, kind)
	c.end(t)
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	all, err := exchanges(c.segments(t), number)
	if err != nil || len(all) != load.conns {
		t.Fatalf("%d connections captured, want %d: %v", len(all), load.conns, err)
	}
	a := attempt{kind, result, stats.NewHistogram(), stats.NewHistogram()}
	for _, e := range all {
		record(t, a.wire, e.responseNs-e.requestNs)
		record(t, a.last, e.lastNs-e.requestNs)
	}
	return a
}

func record(t *testing.T, h *hdrhistogram.Histogram, ns int64) {
	t.Helper()
	if err := h.RecordValue(ns / int64(time.Microsecond)); err != nil {
		t.Fatal(err)
	}
}

// run runs wsperf, and reads its result.
func (load load) run(t *testing.T, l link, port string, kind stats.Timestamps) *stats.Result {
	t.Helper()
	path := filepath.Join(t.TempDir(), "result.json")
	inFlight := strconv.Itoa(load.inFlight)
	c, err := l.near.Start(child.Command{Path: programs.Wsperf(t), CPUs: []int{l.nearCPU}, Args: []string{"wsperf", "run",
		"ws://" + l.address + ":" + port + "/", "--loops", "0", "--quiet", "--conns", strconv.Itoa(load.conns),
		"--low", inFlight, "--high", inFlight, "--timestamps", string(kind), "--log", "--out", path}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.End(0)
	select {
	case <-c.Ended():
	case <-time.After(runTimeout):
		c.End(0)
	}
	if err := c.Wait(); err != nil {
		t.Fatalf("wsperf: %v: %s", err, c.LastWords())
	}
	loaded, errs := file.LoadAll([]string{path}, func(string) {})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if loaded.Success != uint64(load.conns) {
		t.Fatalf("%d successes, want %d", loaded.Success, load.conns)
	}
	return loaded
}
