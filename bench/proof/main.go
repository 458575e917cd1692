// Proof is a testee for tests of measurement. It delays each phase of each connection by a
// known time, and records how long it really waited:
//
//	proof --accept 5ms --answer uniform:0..20ms --close 1%:200ms --fin 5ms
//
// It prints "listening on ADDRESS". When its standard input ends, or at SIGTERM, it prints
// what it has counted and recorded as a line of JSON (report).
//
// A client sees a late accept(2) in phase open, not in connect: the kernel completes the
// TCP handshake (RFC 9293 section 3.5) and keeps the connection in the accept queue
// (listen(2)), so the client's connect(2) does not wait for the testee. A TCP handshake that
// itself takes long needs a link, such as that of bench/link.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "proof:", err)
		os.Exit(1)
	}
}

// run serves until ctx is cancelled or stdin ends.
func run(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) error {
	cfg, err := parse(args)
	if err != nil {
		return err
	}
	s, err := listen(cfg)
	if err != nil {
		return err
	}
	defer s.close()
	fmt.Fprintf(stdout, "listening on %v\n", s.address)
	go func() {
		await(ctx, stdin)
		s.stop()
	}()
	if err := s.serve(); err != nil {
		return err
	}
	return s.record.write(stdout)
}

// await returns when ctx is done or stdin ends.
func await(ctx context.Context, stdin io.Reader) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, stdin)
	}()
	select {
	case <-ctx.Done():
	case <-ended:
	}
}

// config is what the testee is asked to do.
type config struct {
	address string
	delays  [numSteps]delay
	refuse  int // answer every refuse-th request with 403; 0: none
}

func parse(args []string) (cfg config, err error) {
	flags := flag.NewFlagSet("proof", flag.ContinueOnError)
	flags.StringVar(&cfg.address, "listen", "127.0.0.1:0", "IPv4 `address` and port; port 0: any free port")
	flags.IntVar(&cfg.refuse, "refuse", 0, "answer every `N`th request with 403; 0: none")
	for s := range step(numSteps) {
		flags.Var(&cfg.delays[s], s.String(), "wait this `delay` "+s.what()+": 5ms, uniform:0ms..20ms, or 1%:200ms (this share of the connections)")
	}
	flags.SetOutput(io.Discard) // one line for a mistake
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(os.Stderr)
			flags.PrintDefaults()
		}
		return config{}, err
	}
	if flags.NArg() > 0 {
		return config{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if cfg.refuse < 0 {
		return config{}, errors.New("--refuse must be 0 or more")
	}
	return cfg, nil
}
