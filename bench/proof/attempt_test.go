package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
)

// attempt is what came of one measurement.
type attempt struct {
	off     map[string]bool // quantiles of the client that differ, such as "close q99"; true: by more than a slow machine explains
	canary  time.Duration   // what a connection of the canary took at q99
	figures string          // a line for each phase, and one on the machine

	// disturbed is true if the testee's own record differs from the delays, or if the
	// hypervisor took CPUs away.
	disturbed bool
}

// exchanges returns how often client and testee wait for each other in a phase.
func exchanges(p stats.Phase) time.Duration {
	switch p {
	case stats.PhaseReady: // connect, open
		return 2
	case stats.PhaseTotal: // and close, FIN
		return 4
	}
	return 1
}

// addMachine adds what kept the client from its work, for whoever reads the figures: stolen
// is the time that the hypervisor took, in ticks of 10 ms.
func (a *attempt) addMachine(r *stats.Result, stolen int) {
	a.disturbed = a.disturbed || stolen > 0
	loop := r.Loops[0]
	a.figures += fmt.Sprintf("\nthe loop had no CPU for %d us, and was busy for %d; %d ticks stolen; the canary took %v", loop.RunWaitUs, loop.BusyUs, stolen, a.canary)
	if lag := r.Phases[stats.PhaseLag].Success; lag.TotalCount() > 0 {
		a.figures += fmt.Sprintf("; lag of the timed ones: %v", quantilesOf(lag))
	}
}

// stolenTicks returns how long CPUs of this machine had work and the hypervisor had none for
// them: the eighth number of the first line of /proc/stat, "steal" (proc_stat(5)).
func stolenTicks(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	fields := strings.Fields(line) // "cpu" and the numbers
	if len(fields) < 9 {
		t.Fatalf("/proc/stat begins with %q", line)
	}
	ticks, err := strconv.Atoi(fields[8])
	if err != nil {
		t.Fatal(err)
	}
	return ticks
}

// mostSlow is what a phase takes at most beyond its delay if others slow the machine down, unless
// the canary takes longer.
// On a virtual machine with 2 CPUs, open without a delay took 40 to 100 microseconds at the
// median and 60 to 170 at q90, depending on the minute.
const mostSlow = 250 * time.Microsecond

// compare compares quantiles of each phase with the delays and with the testee's own record.
// canary is what a connection of the canary took meanwhile.
func compare(r *stats.Result, own ended, want nominal, canary time.Duration) attempt {
	a := attempt{off: map[string]bool{}, canary: canary}
	a.figures = fmt.Sprintf("\n%-8s%30s %30s %30s", "ms", "nominal  q50       q90       q99", "testee  q50       q90       q99", "client  q50       q90       q99")
	for p := range stats.PhaseLate {
		if nominal := want.phase(p); nominal != nil {
			a.compare(p, quantilesOf(nominal), own.phase(p), quantilesOf(r.Phases[p].Success), want.mostOff(p))
		}
	}
	return a
}

// phase returns what the testee has recorded of a phase, nil if it is not in its record.
func (e ended) phase(p stats.Phase) *hdrhistogram.Histogram {
	return map[stats.Phase]*hdrhistogram.Histogram{
		stats.PhaseOpen: e.serve, stats.PhaseClose: e.took[stepClose], stats.PhaseFin: e.took[stepFin],
	}[p]
}

func (a *attempt) compare(p stats.Phase, nominal quantiles, recorded *hdrhistogram.Histogram, client quantiles, most tolerance) {
	testee, own := "", nominal
	if recorded != nil {
		own = quantilesOf(recorded)
		testee = own.String()
	}
	slow, mark := most, ""
	slow.time = max(slow.time, mostSlow, exchanges(p)*a.canary)
	for i, percent := range compared {
		a.disturbed = a.disturbed || !most.allows(own[i], nominal[i])
		if !most.allows(client[i], nominal[i]) || !most.allows(client[i], own[i]) {
			wrong := !slow.allows(client[i], nominal[i]) || !slow.allows(client[i], own[i])
			a.off[fmt.Sprintf("%v q%v", p, percent)], mark = wrong, "  differs"
		}
	}
	a.figures += fmt.Sprintf("\n%-8s%v %30s %v%s", p, nominal, testee, client, mark)
}
