package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// comparison is all runs of all clients at one load. The last client is compared
// with each of the others.
type comparison struct {
	load    load
	clients []client
	runs    [][]cost // of each client, in the order of time
	calls   []float64
}

// writeFacts says where and of what the figures are.
func writeFacts(w io.Writer, p *plan) error {
	commit, _ := exec.Command("git", "describe", "--always", "--dirty").Output()
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	_, err := fmt.Fprintf(w, "date: %s\ncommit: %s\ncommand: go run ./bench/cost -pairs %d -handshakes %d\n"+
		"machine: %s, %d CPUs, Linux %s, %s; client on CPU %d, testee (C) on CPU %d\n",
		time.Now().UTC().Format(time.DateOnly), bytes.TrimSpace(commit), p.pairs, p.handshakes,
		cpuModel(), runtime.NumCPU(), bytes.TrimSpace(kernel), runtime.Version(), p.clientCPU, p.testeeCPU)
	return err
}

func cpuModel() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func writeComparison(w io.Writer, c comparison) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d in flight: medians of %d runs, whole processes\n\n", c.load.inFlight, len(c.runs[0]))
	fmt.Fprintf(&b, "  %-12s %12s %10s %10s %14s %12s %10s %10s\n",
		"client", "CPU us/hs", "user us", "system us", "handshakes/s", "calls/hs", "switch/hs", "peak MB")
	for i, client := range c.clients {
		runs := c.runs[i]
		fmt.Fprintf(&b, "  %-12s %12.2f %10.2f %10.2f %14.0f %12s %10.3f %10.1f\n", client.name,
			median(runs, cost.cpuUs), median(runs, func(r cost) float64 { return r.userUs }),
			median(runs, func(r cost) float64 { return r.systemUs }),
			median(runs, func(r cost) float64 { return r.perSecond }), c.callsOf(i),
			median(runs, func(r cost) float64 { return r.switches }),
			median(runs, func(r cost) float64 { return float64(r.peakBytes) / 1e6 }))
	}
	c.writeRatios(&b)
	c.writeBenchmarks(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (c comparison) callsOf(i int) string {
	if c.calls == nil {
		return "no strace"
	}
	return fmt.Sprintf("%.2f", c.calls[i])
}

// writeRatios compares run by run the last client with each of the others, in
// the same round.
func (c comparison) writeRatios(b *strings.Builder) {
	last := len(c.clients) - 1
	b.WriteString("\n")
	for i := range last {
		var ratios []float64
		for round, r := range c.runs[last] {
			ratios = append(ratios, r.cpuUs()/c.runs[i][round].cpuUs())
		}
		slices.Sort(ratios)
		fmt.Fprintf(b, "  CPU of %s to %s, pair by pair: median %.3f, min %.3f, max %.3f\n",
			c.clients[last].name, c.clients[i].name, middle(ratios), ratios[0], ratios[len(ratios)-1])
	}
}

// writeBenchmarks prints every run in Go's benchmark format, for benchstat.
func (c comparison) writeBenchmarks(b *strings.Builder) {
	b.WriteString("\n")
	for i, client := range c.clients {
		for _, r := range c.runs[i] {
			fmt.Fprintf(b, "BenchmarkHandshake/client=%s/inflight=%d %d %.3f cpu-us/op %.3f user-us/op %.0f handshakes/s %.4f switches/op %d peak-B\n",
				client.name, c.load.inFlight, c.load.handshakes, r.cpuUs(), r.userUs, r.perSecond, r.switches, r.peakBytes)
		}
	}
}

func median(runs []cost, figure func(cost) float64) float64 {
	var all []float64
	for _, r := range runs {
		all = append(all, figure(r))
	}
	slices.Sort(all)
	return middle(all)
}

// middle is the median of sorted figures.
func middle(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
