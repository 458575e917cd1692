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

// writeFacts writes the date, the commit, the command and the machine.
func (b *bench) writeFacts(w io.Writer) error {
	commit, _ := exec.Command("git", "describe", "--always", "--dirty").Output()
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	_, err := fmt.Fprintf(w, "date: %s\ncommit: %s\ncommand: %s\n"+
		"machine: %s, %d CPUs, Linux %s, %s; client on CPU %d, testee on CPU %d\n",
		time.Now().UTC().Format(time.DateOnly), bytes.TrimSpace(commit), b.command(),
		cpuModel(), runtime.NumCPU(), bytes.TrimSpace(kernel), runtime.Version(), b.clientCPU, b.testeeCPU)
	return err
}

// command returns the command line that repeats the measurement. The ancestor's
// path differs from machine to machine and is left out.
func (b *bench) command() string {
	command := fmt.Sprintf("go run ./bench/cost -pairs %d -handshakes %d", b.pairs, b.handshakes)
	if b.only != "" {
		command += fmt.Sprintf(" -only %q", b.only)
	}
	if b.ancestor != "" {
		command += " -ancestor FILE"
	}
	return command
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

func writeComparison(w io.Writer, c comparison, runs [][]cost, calls []float64) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s: medians of %d runs, whole processes\n\n", c.title, len(runs[0]))
	fmt.Fprintf(&b, "  %-14s %10s %10s %10s %14s %10s %10s %10s\n",
		"client", "CPU us/hs", "user us", "system us", "handshakes/s", "calls/hs", "switch/hs", "peak MB")
	for i, client := range c.clients {
		fmt.Fprintf(&b, "  %-14s %10.2f %10.2f %10.2f %14.0f %10s %10.3f %10.1f\n", client.name,
			median(runs[i], cost.cpuUs), median(runs[i], func(r cost) float64 { return r.userUs }),
			median(runs[i], func(r cost) float64 { return r.systemUs }),
			median(runs[i], perSecond), callsOf(calls, i),
			median(runs[i], func(r cost) float64 { return r.switches }),
			median(runs[i], func(r cost) float64 { return float64(r.peakBytes) / 1e6 }))
	}
	writeRatios(&b, c, runs)
	writeBenchmarks(&b, c, runs)
	_, err := io.WriteString(w, b.String())
	return err
}

func callsOf(calls []float64, i int) string {
	if calls == nil {
		return "no strace"
	}
	return fmt.Sprintf("%.2f", calls[i])
}

// writeRatios compares the last client with each of the others. Each figure is of
// two runs of the same round.
func writeRatios(b *strings.Builder, c comparison, runs [][]cost) {
	last := len(c.clients) - 1
	b.WriteString("\n")
	for i := range last {
		for _, f := range c.figures {
			ratios := sortedRatios(runs[last], runs[i], f)
			fmt.Fprintf(b, "  %s, %s to %s, pair by pair: median %.3f, min %.3f, max %.3f; goal: %s\n", f.name,
				c.clients[last].name, c.clients[i].name, medianOfSorted(ratios), ratios[0], ratios[len(ratios)-1], c.goal)
		}
	}
}

// sortedRatios returns the figure of both clients for each round, which mostly is a ratio.
func sortedRatios(runs, base []cost, f figure) (ratios []float64) {
	for round, r := range runs {
		ratios = append(ratios, f.of(r, base[round]))
	}
	slices.Sort(ratios)
	return ratios
}

// writeBenchmarks prints every run in Go's benchmark format, for benchstat.
func writeBenchmarks(b *strings.Builder, c comparison, runs [][]cost) {
	b.WriteString("\n")
	for i, client := range c.clients {
		name := strings.ReplaceAll(c.title+"/client="+client.name, " ", "-")
		for _, r := range runs[i] {
			fmt.Fprintf(b, "BenchmarkHandshake/%s %d %.3f cpu-us/op %.3f user-us/op %.0f handshakes/s %.4f switches/op %d peak-B\n",
				name, r.handshakes, r.cpuUs(), r.userUs, r.perSecond, r.switches, r.peakBytes)
		}
	}
}

func median(runs []cost, of func(cost) float64) float64 {
	var all []float64
	for _, r := range runs {
		all = append(all, of(r))
	}
	slices.Sort(all)
	return medianOfSorted(all)
}

func medianOfSorted(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
