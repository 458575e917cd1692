// Command cost measures what a handshake costs the client: wsperf's CPU time
// per handshake beside that of the floor, a minimal C client that makes the
// same system calls (bench/floor), pair by pair against the same C testee.
//
// On loopback client and testee share the machine, and its speed drifts: so
// CPU time counts (getrusage(2)), not wall time, and ratios of two runs in
// turn, not figures of different minutes.
//
//	go run ./bench/cost [-pairs 10] [-handshakes 50000] [-inflight 64,500] [-out FILE]
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"wsperf/engine"
)

// plan is what is measured.
type plan struct {
	pairs      int
	handshakes int
	inFlights  []int
	out        string
	clientCPU  int
	testeeCPU  int
}

func main() {
	p, err := parse(os.Args[1:])
	if err == nil {
		err = p.carryOut(os.Stdout)
	}
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cost:", err)
		os.Exit(1)
	}
}

func parse(args []string) (*plan, error) {
	p := &plan{}
	f := flag.NewFlagSet("cost", flag.ContinueOnError)
	f.IntVar(&p.pairs, "pairs", 10, "runs of each client, in turn")
	f.IntVar(&p.handshakes, "handshakes", 50000, "handshakes per run")
	f.StringVar(&p.out, "out", "", "write what is printed to this file too")
	inFlights := f.String("inflight", "64,500", "opening handshakes in flight, a list")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if p.pairs < 1 || p.handshakes < 1 || f.NArg() > 0 {
		return nil, errors.New("-pairs and -handshakes must be 1 or more, and nothing else is taken")
	}
	for _, word := range strings.Split(*inFlights, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-inflight %q: must be a list of numbers of 1 or more", *inFlights)
		}
		p.inFlights = append(p.inFlights, n)
	}
	return p, p.chooseCPUs()
}

// chooseCPUs takes the first two allowed ones; with a single one the figures
// would be those of the scheduler.
func (p *plan) chooseCPUs() error {
	cpus, err := engine.AllowedCPUs()
	if err != nil {
		return err
	}
	if len(cpus) < 2 {
		return errors.New("2 CPUs are needed, one for the client and one for the testee")
	}
	p.clientCPU, p.testeeCPU = cpus[0], cpus[1]
	return nil
}

func (p *plan) carryOut(stdout io.Writer) error {
	w := stdout
	if p.out != "" {
		file, err := os.Create(p.out)
		if err != nil {
			return err
		}
		defer file.Close()
		w = io.MultiWriter(stdout, file)
	}
	folder, err := os.MkdirTemp("", "wsperf-cost-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	programs, err := build(folder)
	if err != nil {
		return err
	}
	if err := writeFacts(w, p); err != nil {
		return err
	}
	testee, err := startTestee(programs.testee, p.testeeCPU)
	if err != nil {
		return err
	}
	defer testee.stop()
	return p.compare(w, programs, testee.port)
}

// compare runs the pairs for each number in flight and prints what they cost.
func (p *plan) compare(w io.Writer, programs programs, port string) error {
	for _, inFlight := range p.inFlights {
		load := load{port: port, handshakes: p.handshakes, inFlight: inFlight, cpu: p.clientCPU}
		clients := programs.clients()
		for _, c := range clients { // warm up: page cache, CPU clock, the testee's memory
			if _, err := c.run(load); err != nil {
				return err
			}
		}
		runs, err := p.rounds(clients, load)
		if err != nil {
			return err
		}
		calls, err := countCalls(clients, load)
		if err != nil {
			return err
		}
		if err := writeComparison(w, comparison{load: load, clients: clients, runs: runs, calls: calls}); err != nil {
			return err
		}
	}
	return nil
}

// rounds runs the clients in turn, and in the opposite order every other time:
// who runs first meets another testee than who runs last.
func (p *plan) rounds(clients []client, load load) (runs [][]cost, err error) {
	runs = make([][]cost, len(clients))
	for round := range p.pairs {
		for k := range clients {
			i := k
			if round%2 == 1 {
				i = len(clients) - 1 - k
			}
			figures, err := clients[i].run(load)
			if err != nil {
				return nil, err
			}
			runs[i] = append(runs[i], figures)
		}
	}
	return runs, nil
}
