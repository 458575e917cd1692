package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"wsperf/stats"
	"wsperf/stats/file"
)

// partsPerMachine share a machine, as the pods of a node do.
const partsPerMachine = 10

// maker makes results of parts.
type maker struct {
	whole           *stats.Result // a real one
	of, connections int           // parts, and connections of each
	quantiles       [stats.NumPhases][]int64
}

// text is the name of the file with all results as lines.
const text = "lines.txt"

func paths(folder string, of int) (all []string) {
	for number := range of {
		all = append(all, filepath.Join(folder, fmt.Sprintf("part%d.json", number)))
	}
	return all
}

// write writes a file for each part, and a text with all of them and other lines.
func (m maker) write(folder string) error {
	errs := make([]error, m.of)
	var group sync.WaitGroup
	room := make(chan struct{}, runtime.GOMAXPROCS(0))
	all := paths(folder, m.of)
	for number, path := range all {
		room <- struct{}{}
		group.Go(func() {
			defer func() { <-room }()
			errs[number] = m.writePart(path, number)
		})
	}
	group.Wait()
	return errors.Join(append(errs, writeLines(filepath.Join(folder, text), all))...)
}

func (m maker) writePart(path string, number int) error {
	r, err := m.part(number)
	if err != nil {
		return err
	}
	var written bytes.Buffer
	if err := file.Write(&written, r); err != nil {
		return err
	}
	return os.WriteFile(path, written.Bytes(), 0o600)
}

// writeLines writes each result as a line, and a line of another kind after it.
func writeLines(to string, paths []string) error {
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	for _, path := range paths {
		written, err := os.ReadFile(path)
		if err != nil {
			return errors.Join(err, f.Close())
		}
		var line bytes.Buffer
		if err := json.Compact(&line, written); err != nil {
			return errors.Join(err, f.Close())
		}
		line.WriteString("\nwsperf: a line of another kind\n")
		if _, err := f.Write(line.Bytes()); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return f.Close()
}

// part makes the result of a part.
func (m maker) part(number int) (*stats.Result, error) {
	random := rand.New(rand.NewPCG(1, uint64(number)))
	rec := stats.NewRecorder(nil)
	for range m.connections {
		rec.Start()
		rec.Success(m.sample(random))
		rec.Fin(stats.FinReceived)
	}
	r, err := stats.Merge(rec)
	if err != nil {
		return nil, err
	}
	w := m.whole
	r.Setup, r.Load, r.Client, r.Counters, r.TesteeCost, r.Verdict, r.Provenance = w.Setup, w.Load, w.Client, w.Counters, w.TesteeCost, w.Verdict, w.Provenance
	r.Setup.Connections, r.Setup.Loops, r.Setup.CPUs = int64(m.connections), 1, []int{number % 2}
	late := time.Duration(random.IntN(3000)) * time.Microsecond
	r.Started, r.Ended = w.Started.Add(late), w.Ended.Add(late)
	r.Loaded = stats.LoadedResult{FirstNs: r.Started.UnixNano(), LastNs: r.Ended.UnixNano(), Success: r.Success}
	r.Loops = []stats.LoopResult{{CPU: number % 2, Started: r.Total, Success: r.Success, Fail: r.Fail, CPUUs: w.Loops[0].CPUUs}}
	r.Parts = []stats.Part{{
		Number: number, Of: m.of, RunID: "bench", Host: fmt.Sprintf("node%d", number/partsPerMachine), StartAt: w.Started,
		LateUs: late.Microseconds(), Begun: true, Clock: stats.Clock{Synchronized: true, MaxErrorUs: 500},
	}}
	m.place(r, number)
	return r, r.Check()
}

// place gives the part a network namespace of its own, on a machine of several parts.
func (m maker) place(r *stats.Result, number int) {
	id := fmt.Sprintf("machine-%d", number/partsPerMachine)
	r.Kernel, r.Machines = slices.Clone(m.whole.Kernel), slices.Clone(m.whole.Machines)
	for i := range r.Kernel {
		r.Kernel[i].Machine, r.Kernel[i].Namespace = id, uint64(number)
	}
	for i := range r.Machines {
		r.Machines[i].ID = id
	}
}

// sample draws a connection's times.
func (m maker) sample(random *rand.Rand) *stats.Sample {
	s := &stats.Sample{}
	for p, quantiles := range m.quantiles {
		if len(quantiles) > 0 {
			s.Ns[p] = quantiles[random.IntN(len(quantiles))]
			s.Reached = s.Reached.With(stats.Phase(p))
		}
	}
	return s
}

// quantilesOf returns times of the phases of a real result, in nanoseconds.
func quantilesOf(r *stats.Result) (all [stats.NumPhases][]int64) {
	const steps = 1000
	for p := range stats.Phase(stats.NumPhases) {
		h := r.Phases[p].Success
		if p.Apart() || p.OfTLS() || h.TotalCount() == 0 {
			continue
		}
		for i := range steps {
			all[p] = append(all[p], 1000*h.ValueAtPercentile(100*float64(i)/steps))
		}
	}
	return all
}
