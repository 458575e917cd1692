package main

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"wsperf/stats"
)

// measurement is a row of the test: the testee's delays, and the client's load.
type measurement struct {
	loop   string
	delays string // the testee's arguments
	load   string // the client's arguments
	n      int    // connections
	rate   int    // of an open loop; 0: a closed loop
	short  bool   // also with -short
}

// The load of an open loop, for a bit more than a second. Of the connections with a delay
// of 1 % more than 1 % are delayed, the first and the last among them, so the quantile of
// 99 % is that delay.
const (
	rate     = 400
	openLoad = 450
)

// A closed loop keeps so many in flight, or one if the testee answers most of them at once:
// more would wait for each other in the client, whose fault that is.
const (
	many = "--low 20 --high 50"
	one  = "--low 1 --high 1"
)

// measurements has each step with each distribution, in an open and a closed loop. In a
// closed loop connections that close are not in flight: a delay before the response makes
// them come slowly.
func measurements() (rows []measurement) {
	for s := range step(numSteps) {
		for _, d := range []string{"5ms", "uniform:0ms..20ms", "1%:200ms"} {
			delays := fmt.Sprintf("--%v %s", s, d)
			rows = append(rows, measurement{loop: "open", delays: delays, n: openLoad, rate: rate, short: s == stepAnswer})
		}
	}
	rows = append(rows,
		measurement{loop: "open", delays: "--accept 5ms --answer 8ms --close 12ms --fin 18ms", n: openLoad, rate: rate, short: true},
		measurement{loop: "closed", delays: "--accept 50ms", load: many, n: 600},
		measurement{loop: "closed", delays: "--accept uniform:0ms..5ms", load: one, n: 350},
		measurement{loop: "closed", delays: "--accept 1%:200ms", load: one, n: 350},
		measurement{loop: "closed", delays: "--answer 50ms", load: many, n: 600},
		measurement{loop: "closed", delays: "--answer uniform:0ms..50ms", load: many, n: 1000},
		measurement{loop: "closed", delays: "--answer 1%:200ms", load: one, n: 350, short: true},
	)
	for _, s := range []step{stepClose, stepFin} {
		for _, d := range []string{"50ms", "uniform:0ms..50ms", "1%:200ms"} {
			rows = append(rows, measurement{loop: "closed", delays: fmt.Sprintf("--answer 50ms --%v %s", s, d), load: many, n: 650})
		}
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
	stayAwake(t)
	p := newPlace(t)
	t.Logf("%-6s %-50s %-8s %-30s %-30s %s", "loop", "delays", "of", "nominal q50, q90, q99 (ms)", "measured", "")
	for _, m := range measurements() {
		if testing.Short() && !m.short {
			continue
		}
		t.Run(m.loop+" "+strings.ReplaceAll(m.delays, "--", ""), func(t *testing.T) { m.check(t, p) })
	}
}

// tries is how often a measurement is made that does not agree, and mostRetried when in the
// life of the test program no more are made.
const (
	tries       = 5
	mostRetried = 45 * time.Second
)

var began = time.Now()

// check makes the measurement until the client agrees with the delays. If it never does, the
// test fails, unless most of the times the testee was not on time either: then the machine
// is busy.
func (m measurement) check(t *testing.T, p place) {
	made, disturbed := 0, 0
	var last attempt
	for made < tries && (made == 0 || time.Since(began) < mostRetried) {
		made++
		last = m.attempt(t, p)
		if last.clientAgrees {
			t.Log(last.figures)
			return
		}
		if !last.testeeAgrees {
			disturbed++
		}
		t.Logf("attempt %d, testee on time: %v%s", made, last.testeeAgrees, last.figures)
	}
	if 2*disturbed >= made {
		t.Skipf("the machine is busy: in %d of %d attempts the testee itself was not on time%s", disturbed, made, last.figures)
	}
	t.Errorf("the client does not give the delays back, although the testee was on time in %d of %d attempts", made-disturbed, made)
}

// attempt is one measurement.
type attempt struct {
	clientAgrees, testeeAgrees bool
	figures                    string // a line for each phase and step
}

func (m measurement) attempt(t *testing.T, p place) (a attempt) {
	testee := p.startTestee(t, strings.Fields(m.delays)...)
	o := p.startClient(t, testee.address, m.client()...).end(t)
	own, want := testee.end(t), m.nominal(t)
	o.checkCounts(t, own.counts, m.n)
	a.clientAgrees, a.testeeAgrees = true, true
	for s := range step(numSteps) {
		got, nominal := quantilesOf(own.took[s]), quantilesOf(want.step(s))
		agrees := got.agrees(nominal, mostOff)
		a.testeeAgrees = a.testeeAgrees && agrees
		if want.step(s).Max() > 0 {
			a.line(m, "testee "+s.String(), nominal, got, agrees)
		}
	}
	for p := range stats.PhaseLate {
		got, nominal := quantilesOf(o.Phases[p].Success), quantilesOf(want.phase(p))
		most := mostLeak
		if want.isDelayed(p) {
			most = mostOff * partsOf(p)
		}
		agrees := got.agrees(nominal, most)
		a.clientAgrees = a.clientAgrees && agrees
		a.line(m, p.String(), nominal, got, agrees)
	}
	return a
}

func (a *attempt) line(m measurement, of string, nominal, got quantiles, agrees bool) {
	mark := ""
	if !agrees {
		mark = "  <-"
	}
	a.figures += fmt.Sprintf("\n%-6s %-50s %-14s %v  %v%s", m.loop, m.delays, of, nominal, got, mark)
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
