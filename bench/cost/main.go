// Command cost measures what a handshake costs the client: wsperf's CPU time
// per handshake beside that of the floor, a minimal C client (bench/floor), and
// beside its own under other loads. The clients of a comparison run in turn
// against the same testee.
//
// On loopback client and testee share the machine, and its speed drifts: so
// CPU time counts (getrusage(2)), not wall time, and ratios of two runs in
// turn, not figures of different minutes.
//
//	go run ./bench/cost [-pairs 10] [-handshakes 50000] [-only WORD] [-ancestor FILE] [-out FILE]
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"wsperf/engine/host"
)

// bench is what is measured, with what, and where.
type bench struct {
	pairs, handshakes    int
	only, out, ancestor  string
	clientCPU, testeeCPU int
	programs             programs
}

func main() {
	// A reader that goes away is a failed write and not the end of this process,
	// which would leave the testees behind (package os/signal, "SIGPIPE").
	signal.Ignore(syscall.SIGPIPE)
	b, err := parse(os.Args[1:])
	if err == nil {
		err = b.carryOut(os.Stdout)
	}
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cost:", err)
		os.Exit(1)
	}
}

func parse(args []string) (*bench, error) {
	b := &bench{}
	f := flag.NewFlagSet("cost", flag.ContinueOnError)
	f.IntVar(&b.pairs, "pairs", 10, "runs of each client, in turn")
	f.IntVar(&b.handshakes, "handshakes", 50000, "handshakes per run")
	f.StringVar(&b.only, "only", "", "only comparisons with this in their title")
	f.StringVar(&b.ancestor, "ancestor", "", "compare with this program too: the C++ wsperf of 2013")
	f.StringVar(&b.out, "out", "", "write what is printed to this file too")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if b.pairs < 1 || b.handshakes < 1 || f.NArg() > 0 {
		return nil, errors.New("-pairs and -handshakes must be 1 or more, and nothing else is taken")
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	return b, b.chooseCPUs()
}

// check looks at what would otherwise be found after minutes of measuring.
func (b *bench) check() error {
	if b.ancestor != "" {
		if _, err := exec.LookPath(b.ancestor); err != nil {
			return fmt.Errorf("-ancestor: %w: a program is needed", err)
		}
	}
	if !slices.ContainsFunc(b.comparisons(), b.wanted) {
		return fmt.Errorf("-only %q: no comparison has that in its title (the ancestor itself is compared with -ancestor FILE)", b.only)
	}
	return nil
}

func (b *bench) wanted(c comparison) bool { return strings.Contains(c.title, b.only) }

// chooseCPUs takes the first two allowed ones; with a single one the figures
// would be those of the scheduler.
func (b *bench) chooseCPUs() error {
	cpus, err := host.AllowedCPUs()
	if err != nil {
		return err
	}
	if len(cpus) < 2 {
		return errors.New("2 CPUs are needed, one for the client and one for the testee")
	}
	b.clientCPU, b.testeeCPU = cpus[0], cpus[1]
	return nil
}

func (b *bench) carryOut(stdout io.Writer) error {
	w := stdout
	if b.out != "" {
		file, err := os.Create(b.out)
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
	if b.programs, err = build(folder); err != nil {
		return err
	}
	if err := b.writeFacts(w); err != nil {
		return err
	}
	return b.compareAll(w)
}

func (b *bench) compareAll(w io.Writer) error {
	running := &testees{cpu: b.testeeCPU, running: map[testeeSpec]*testee{}}
	defer running.stop()
	for _, c := range b.comparisons() {
		if !b.wanted(c) {
			continue
		}
		runs, err := b.rounds(c, running)
		if err != nil {
			return fmt.Errorf("%s: %w", c.title, err)
		}
		calls, err := countCalls(c.clients, min(c.handshakes(b.handshakes), tracedHandshakes), running)
		if err != nil {
			return fmt.Errorf("%s: %w", c.title, err)
		}
		if err := writeComparison(w, c, runs, calls); err != nil {
			return err
		}
	}
	return nil
}

// rounds runs the clients in turn, and in the opposite order every other time:
// who runs first meets another testee than who runs last. The first round is
// not counted: it warms up caches, clocks and the testee's memory.
func (b *bench) rounds(c comparison, running *testees) (runs [][]cost, err error) {
	runs = make([][]cost, len(c.clients))
	for round := range b.pairs + 1 {
		for k := range c.clients {
			i := k
			if round%2 == 1 {
				i = len(c.clients) - 1 - k
			}
			figures, err := c.clients[i].run(running, c.handshakes(b.handshakes))
			if err != nil {
				return nil, err
			}
			if round > 0 {
				runs[i] = append(runs[i], figures)
			}
		}
	}
	return runs, nil
}
