// Command cost measures wsperf's CPU time per handshake. It compares it with
// that of the floor, a minimal C client (bench/floor), with that of other
// clients, and with wsperf's own under other loads.
//
// On loopback, client and testee share the machine, and its speed drifts.
// Therefore most comparisons are of CPU time (getrusage(2)) instead of wall
// time. The clients run in turn, and ratios are of runs of the same round.
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
	"strconv"
	"strings"
	"syscall"

	"wsperf/engine/host"
)

// bench holds the options, the CPUs and the built programs.
type bench struct {
	pairs, handshakes    int
	only, out, ancestor  string
	clientCPU, testeeCPU int
	programs             programs
	network              network
	earlierErr           error // why there is no earlier wsperf
}

func main() {
	// If the reader of standard output goes away, a write fails and the deferred
	// calls still remove the temporary folder. SIGPIPE would end the process before
	// that (package os/signal, "SIGPIPE").
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
	f.IntVar(&b.pairs, "pairs", 10, "runs of each client")
	f.IntVar(&b.handshakes, "handshakes", defaultHandshakes, "handshakes per run")
	f.StringVar(&b.only, "only", "", "run only the comparisons whose title contains this")
	f.StringVar(&b.ancestor, "ancestor", "", "also compare with this program, the C++ wsperf of 2013")
	f.StringVar(&b.out, "out", "", "also write the output to this file")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("argument %q: must be an option", f.Arg(0))
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	return b, b.chooseCPUs()
}

// defaultHandshakes is how many handshakes a run makes.
const defaultHandshakes = 50000

// leastHandshakes are one for each of two processes that share a run.
const leastHandshakes = 2

// check finds the mistakes that would otherwise show only after minutes of
// measurement.
func (b *bench) check() error {
	switch {
	case b.pairs < 1:
		return fmt.Errorf("-pairs %d: must be 1 or more", b.pairs)
	case b.handshakes < leastHandshakes:
		return fmt.Errorf("-handshakes %d: must be %d or more", b.handshakes, leastHandshakes)
	}
	if b.ancestor != "" {
		if _, err := exec.LookPath(b.ancestor); err != nil {
			return fmt.Errorf("-ancestor must be an executable file: %w", err)
		}
	}
	if !slices.ContainsFunc(b.comparisons(), b.wanted) {
		return fmt.Errorf("-only %q: must be a part of a title: %s (those with the ancestor itself need -ancestor FILE)", b.only, b.titles())
	}
	return nil
}

func (b *bench) titles() string {
	var all []string
	for _, c := range b.comparisons() {
		all = append(all, strconv.Quote(c.title))
	}
	return strings.Join(all, ", ")
}

func (b *bench) wanted(c comparison) bool { return strings.Contains(c.title, b.only) }

// chooseCPUs takes the first two allowed CPUs. On a single one, client and testee
// would preempt each other, and the figures would depend on the scheduler.
func (b *bench) chooseCPUs() error {
	cpus, err := host.AllowedCPUs()
	if err != nil {
		return err
	}
	if len(cpus) < 2 {
		return errors.New("this process may use only one CPU, but client and testee need one each")
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
	b.programs = programsIn(folder)
	if err := b.programs.build(b.uses); err != nil {
		return err
	}
	if err := b.programs.writeChain(); err != nil {
		return err
	}
	if b.uses(b.programs.earlier) {
		b.earlierErr = buildAsOf(beforeTLS, b.programs.earlier)
	}
	b.network = newNetwork()
	defer b.network.close()
	if err := b.writeFacts(w); err != nil {
		return err
	}
	return b.compareAll(w)
}

// uses reports whether a comparison that is wanted runs the program at that path.
func (b *bench) uses(path string) bool {
	for _, c := range b.comparisons() {
		for _, cl := range c.clients {
			if b.wanted(c) && cl.uses(path) {
				return true
			}
		}
	}
	return false
}

func (c client) uses(path string) bool {
	words := append(c.args("0", leastHandshakes), c.testee.command)
	return strings.Contains(strings.Join(words, " "), path) || c.then != nil && c.then.uses(path)
}

func (b *bench) compareAll(w io.Writer) error {
	running := &testees{cpu: b.testeeCPU, running: map[testeeSpec]*testee{}}
	defer running.stop()
	for _, c := range b.comparisons() {
		if !b.wanted(c) {
			continue
		}
		if c.refused != nil {
			fmt.Fprintf(w, "\n%s: skipped: %v\n", c.title, c.refused)
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

// rounds runs the clients in turn and reverses the order every other round,
// because each run changes the testee's state for the next. The first round is
// discarded: it warms up caches, CPU clocks and the testee's memory.
func (b *bench) rounds(c comparison, running *testees) (runs [][]cost, err error) {
	runs = make([][]cost, len(c.clients))
	for round := range b.pairs + 1 {
		for k := range c.clients {
			i := turn(round, k, len(c.clients))
			measured, err := c.clients[i].run(running, c.handshakes(b.handshakes))
			if err != nil {
				return nil, err
			}
			if round > 0 {
				runs[i] = append(runs[i], measured)
			}
		}
	}
	return runs, nil
}

// turn returns which of n clients is the k-th of a round.
func turn(round, k, n int) int {
	if round%2 == 1 {
		return n - 1 - k
	}
	return k
}
