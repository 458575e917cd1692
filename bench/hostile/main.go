// Hostile is a testee that misbehaves, for tests: the path of a request says
// how. README.md lists what there is, and what wsperf must make of it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "hostile:", err)
		os.Exit(1)
	}
}

// run serves until ctx is cancelled or stdin ends.
func run(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) error {
	flags := flag.NewFlagSet("hostile", flag.ContinueOnError)
	address := flags.String("listen", "127.0.0.1:0", "IPv4 `address` and port of the paths; port 0: any")
	seed := flags.Uint64("seed", rand.Uint64(), "of the port with a behaviour at random")
	if err := flags.Parse(args); err != nil {
		return err
	}
	s, err := listen(*address, *seed)
	if err != nil {
		return err
	}
	defer s.close()
	s.print(stdout, *seed)
	await(ctx, stdin)
	return nil
}

// print says where to find what: a line per port, and "ready" when that was all.
func (s *server) print(w io.Writer, seed uint64) {
	for _, p := range s.ports {
		fmt.Fprintf(w, "%s on %v\n", p.name, p.addr)
	}
	fmt.Fprintf(w, "seed %d\nready\n", seed)
}

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
