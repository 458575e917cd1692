package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wsperf/stats"
)

// measurement is a row of the test: the testee's delays, and the client's load.
type measurement struct {
	delays string // the testee's arguments
	load   string // the client's arguments
	n      int    // connections
	rate   int    // of an open loop; 0: a closed loop
	short  bool   // also with -short
}

// Of n connections with a delay of 1 %, more than n/100 are delayed, because the first and
// the last are. Their quantile of 99 % is that delay, and does not depend on one of them.
const openCount, quickCount, closedCount, oneCount, slowCount = 450, 3050, 450, 350, 150

// Rates of an open loop. At the lower one a stop of 200 ms of all accepts, once in 100 of
// them, is over before the next one. At the higher one caches stay warm: what client and
// testee themselves take is well below 100 microseconds, as it must be where there is no
// delay.
const rate, quickRate = 400, 3000

// A closed loop keeps so many in flight, or one if they would be at the same step at the
// same time, because the testee answers most of them at once or all after the same delay:
// more would wait for each other in the client, whose fault that is.
const (
	many = "--low 20 --high 50"
	one  = "--low 1 --high 1"
)

// pacing is a delay before the response. In a closed loop, connections that close are not in
// flight, and without it thousands a second would come. It is not constant, because then
// they would come in bursts.
const pacing = "--answer uniform:50ms..150ms "

func measurements() []measurement { return append(openLoops(), closedLoops()...) }

// openLoops has each step with each distribution.
func openLoops() (rows []measurement) {
	for s := range step(numSteps) {
		row := measurement{n: openCount, rate: rate}
		for _, d := range []string{"20ms", "uniform:0ms..20ms"} {
			row.delays = fmt.Sprintf("--%v %s", s, d)
			rows = append(rows, row)
		}
		if s != stepAccept {
			row.n, row.rate, row.short = quickCount, quickRate, s == stepAnswer
		}
		row.delays = fmt.Sprintf("--%v 1%%:200ms", s)
		rows = append(rows, row)
	}
	return append(rows, measurement{delays: "--accept 15ms --answer 5ms --close 30ms --fin 40ms", n: openCount, rate: rate, short: true})
}

// closedLoops has each step with each distribution too.
func closedLoops() []measurement {
	rows := []measurement{
		{delays: "--accept 10ms", load: one, n: slowCount},
		{delays: "--accept uniform:0ms..20ms", load: one, n: slowCount},
		{delays: "--accept 1%:200ms", load: one, n: oneCount},
		{delays: "--answer 10ms", load: one, n: slowCount},
		{delays: "--answer uniform:0ms..100ms", load: many, n: closedCount},
		{delays: "--answer 1%:200ms", load: one, n: oneCount, short: true},
	}
	for _, s := range []step{stepClose, stepFin} {
		for _, d := range []string{"20ms", "uniform:0ms..20ms"} {
			rows = append(rows, measurement{delays: fmt.Sprintf("%s--%v %s", pacing, s, d), load: many, n: closedCount})
		}
		rows = append(rows, measurement{delays: fmt.Sprintf("--%v 1%%:200ms", s), load: one, n: quickCount})
	}
	return rows
}

func (m measurement) client() []string {
	args := append(strings.Fields(m.load), "--conns", strconv.Itoa(m.n))
	if m.rate > 0 {
		args = append(args, "--rate", strconv.Itoa(m.rate))
	}
	return args
}

func (m measurement) loop() string {
	if m.rate > 0 {
		return "open"
	}
	return "closed"
}

func (m measurement) nominal(t *testing.T) nominal {
	t.Helper()
	cfg, err := parse(strings.Fields(m.delays))
	if err != nil {
		t.Fatal(err)
	}
	nominal := nominal{delays: cfg.delays, n: m.n}
	if m.rate > 0 {
		nominal.apart = time.Second / time.Duration(m.rate)
	}
	return nominal
}

// TestDelays: the client's histograms give the testee's delays back.
func TestDelays(t *testing.T) {
	p := newQuietPlace(t)
	if p.Namespace() == nil {
		t.Skip("needs root, so that programs take precedence over others and idle CPUs stay awake")
	}
	for _, m := range measurements() {
		if testing.Short() && !m.short {
			continue
		}
		t.Run(m.loop()+" "+strings.ReplaceAll(m.delays, "--", ""), func(t *testing.T) { m.check(t, p) })
	}
}

// tries is how often a measurement is made that does not agree, and mostRetried when in the
// life of the test program no more are made.
const (
	tries       = 5
	leastTries  = 3 // to blame the client
	mostRetried = 35 * time.Second
)

var began = time.Now()

// check makes the measurement until each quantile has agreed at least once: what another
// process on the machine adds differs from one attempt to the next, and what the client
// measures wrong does not. If one never agrees, the test fails, unless the machine explains
// it: most of the times the testee was late as well or the hypervisor had no CPU for this
// machine, or phases took longer, but not much longer.
func (m measurement) check(t *testing.T, p place) {
	var a attempt
	var off map[string]bool // in all attempts
	made, disturbed := 0, 0
	for made == 0 || len(off) > 0 && made < tries && time.Since(began) < mostRetried {
		if made > 0 {
			t.Logf("attempt %d, disturbed: %v%s", made, a.disturbed, a.figures)
		}
		a = m.attempt(t, p)
		made++
		if a.disturbed {
			disturbed++
		}
		if off == nil {
			off = a.off
		}
		for quantile := range off {
			if wrong, differs := a.off[quantile]; differs {
				off[quantile] = off[quantile] && wrong
			} else {
				delete(off, quantile)
			}
		}
	}
	names := slices.Sorted(maps.Keys(off))
	wrong := slices.Contains(slices.Collect(maps.Values(off)), true)
	switch {
	case len(off) == 0:
		t.Log(a.figures)
	case !wrong:
		t.Skipf("the machine is slow: %v differed in all of %d attempts, but by less than %v, or than the canary took%s", names, made, mostSlow, a.figures)
	case 2*disturbed >= made || made < leastTries:
		t.Skipf("the machine is busy: %v differed in all of %d attempts, of which it disturbed %d%s", names, made, disturbed, a.figures)
	default:
		t.Errorf("%v differed in all of %d attempts, of which the machine disturbed %d%s", names, made, disturbed, a.figures)
	}
}

// attempt makes the measurement.
func (m measurement) attempt(t *testing.T, p place) attempt {
	stolen := stolenTicks(t)
	testee := p.startTestee(t, strings.Fields(m.delays)...)
	canary := p.startCanary(t)
	o := p.startClient(t, testee.address, m.client()...).end(t)
	took := canary.end(t)
	own := testee.end(t)
	o.checkCounts(t, own.counts, m.n)
	checkSpans(t, o.Result)
	a := compare(o.Result, own, m.nominal(t), took)
	a.addMachine(o.Result, stolenTicks(t)-stolen)
	return a
}

// checkCounts compares the counts of client and testee, and those of the histograms, if all
// connections are to succeed.
func (o outcome) checkCounts(t *testing.T, own counts, n int) {
	t.Helper()
	want := uint64(n)
	if o.Total != want || o.Success != want || o.Fail != 0 || o.Fin.Received != want || len(o.connections) != n {
		t.Errorf("client: %d connections, %d successes, %d fails, ends %+v, %d in the log; want %d successes", o.Total, o.Success, o.Fail, o.Fin, len(o.connections), n)
	}
	if own != (counts{Accepted: want, Opened: want, Closed: want, Ended: want}) {
		t.Errorf("testee: %+v, want %d", own, n)
	}
	for p := range stats.PhaseLate {
		if got := o.Phases[p].Success.TotalCount(); got != int64(n) {
			t.Errorf("%v has %d values, want %d", p, got, n)
		}
	}
}
