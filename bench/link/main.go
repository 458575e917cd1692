// Command link runs a command and a testee at the two ends of a network link that has
// delay, jitter, loss, reordering, a rate and cuts (bench/link/emulator). It needs root.
//
//	go run ./bench/link [options] -- COMMAND…
//
// The command is at 10.99.0.1 and fd99::1, the testee at 10.99.0.2 and fd99::2:
//
//	go run ./bench/link -delay 20ms -loss 0.01 -testee 'bin/wsperf testee --listen 10.99.0.2:9001' -- bin/wsperf run ws://10.99.0.2:9001/
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"wsperf/bench/link/emulator"
	"wsperf/engine/child"
)

// options are the command line.
type options struct {
	link    emulator.Config
	testee  string
	cut     cut
	command []string
}

func main() {
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err == nil {
		err = o.run(ctx, os.Stdout, os.Stderr)
	}
	if exit := (&exec.ExitError{}); errors.As(err, &exit) && exit.ExitCode() > 0 {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "link:", err)
		os.Exit(1)
	}
}

func parse(args []string) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("link", flag.ContinueOnError)
	f.DurationVar(&o.link.Delay, "delay", 0, "delay of every packet, one way")
	f.DurationVar(&o.link.Jitter, "jitter", 0, "add or subtract up to this from the delay, at random")
	f.Float64Var(&o.link.Loss, "loss", 0, "probability that a packet is lost, 0 to 1")
	f.Float64Var(&o.link.Reorder, "reorder", 0, "probability that a packet has no delay, 0 to 1")
	f.Int64Var(&o.link.Rate, "rate", 0, "bits a second each way; 0: no limit")
	f.IntVar(&o.link.Queue, "queue", 0, "bytes that wait for their turn at -rate at most (default 100 ms of it)")
	f.IntVar(&o.link.MTU, "mtu", 1500, "length of the longest packet in bytes; below 1280 there is no IPv6")
	f.Uint64Var(&o.link.Seed, "seed", 0, "seed of the random choices")
	f.Var(&o.cut, "cut", "lose everything from AT on FOR a time, such as 2s:3s")
	f.StringVar(&o.testee, "testee", "", "run this command at the far end, and wait for its first line before the other one")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if o.command = f.Args(); len(o.command) == 0 {
		return nil, errors.New("a command to run at the near end is missing: link [options] -- COMMAND…")
	}
	return o, o.link.Validate()
}

// cut is a time without a link, as a flag.
type cut struct{ at, lasts time.Duration }

func (c *cut) String() string { return fmt.Sprintf("%v:%v", c.at, c.lasts) }

func (c *cut) Set(text string) (err error) {
	at, lasts, found := strings.Cut(text, ":")
	if c.at, err = time.ParseDuration(at); err == nil {
		c.lasts, err = time.ParseDuration(lasts)
	}
	if !found || err != nil || c.at < 0 || c.lasts <= 0 {
		return errors.New("must be AT:FOR, such as 2s:3s")
	}
	return nil
}

// run runs both commands to their end. The error of a command that failed has its exit
// status.
func (o *options) run(ctx context.Context, stdout, stderr io.Writer) error {
	link, err := emulator.New(o.link)
	if err != nil {
		return err
	}
	defer link.Close()
	if words := strings.Fields(o.testee); len(words) > 0 {
		testee, err := startTestee(ctx, link, words)
		if err != nil {
			return err
		}
		defer testee.End(stopTimeout)
	}
	if o.cut.lasts > 0 {
		defer o.cut.schedule(link)()
	}
	err = o.runCommand(ctx, link, stdout, stderr)
	writeSummary(stderr, link.Record())
	return cmp.Or(err, writeCost(stderr, link))
}

// schedule cuts the link when it is time. The returned function ends that.
func (c *cut) schedule(link *emulator.Link) (stop func()) {
	down, up := time.AfterFunc(c.at, link.Down), time.AfterFunc(c.at+c.lasts, link.Up)
	return func() { down.Stop(); up.Stop() }
}

func (o *options) runCommand(ctx context.Context, link *emulator.Link, stdout, stderr io.Writer) error {
	cmd := exec.CommandContext(ctx, o.command[0], o.command[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	if err := link.Near.Do(cmd.Start); err != nil {
		return err
	}
	return cmd.Wait()
}

// startTimeout bounds the time until a testee writes its first line, stopTimeout that from
// the end of its standard input to its exit.
const (
	startTimeout = 20 * time.Second
	stopTimeout  = time.Second
)

func startTestee(ctx context.Context, link *emulator.Link, words []string) (*child.Child, error) {
	var testee *child.Child
	err := link.Far.Do(func() (err error) {
		testee, err = child.Start(child.Command{Path: words[0], Args: words})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("testee: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if _, err := testee.FirstLine(ctx); err != nil {
		testee.End(0)
		return nil, fmt.Errorf("testee %s: %w: %v: %s", words[0], err, testee.Wait(), testee.LastWords())
	}
	return testee, nil
}

// writeSummary writes how many packets went each way, what became of them, and how late
// the link itself was.
func writeSummary(w io.Writer, packets []emulator.Packet) {
	there, back := map[emulator.Fate]int{}, map[emulator.Fate]int{}
	for _, p := range packets {
		if p.FromFar {
			back[p.Fate]++
		} else {
			there[p.Fate]++
		}
	}
	median, p99 := emulator.Lateness(packets)
	fmt.Fprintf(w, "link: packets to the testee: %s; from it: %s; delivered late by %v at the median, %v at q99\n",
		fates(there), fates(back), median, p99)
	if len(packets) == emulator.MaxRecord {
		fmt.Fprintf(w, "link: only the first %d packets are counted\n", emulator.MaxRecord)
	}
}

// fates lists how many packets had each fate, such as "delivered 40, lost 2".
func fates(counts map[emulator.Fate]int) string {
	var list []string
	for _, fate := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, fmt.Sprintf("%v %d", fate, counts[fate]))
	}
	return cmp.Or(strings.Join(list, ", "), "none")
}

func writeCost(w io.Writer, link *emulator.Link) error {
	c, err := link.Cost()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "link: it used %.1f s of CPU itself\n", c.CPU.Seconds())
	if c.Dropped > 0 {
		fmt.Fprintf(w, "link: it was too slow for %d packets, which are lost and not counted: make fewer connections at once\n", c.Dropped)
	}
	return nil
}
