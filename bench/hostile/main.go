// Hostile is a testee for tests that misbehaves. The path of a request selects
// how. README.md lists the behaviours and the cause that wsperf must report for
// each.
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
	address := flags.String("listen", "127.0.0.1:0", "serve the paths on this IPv4 `address` and port; port 0: any free port")
	seed := flags.Uint64("seed", rand.Uint64(), "seed of the random choices on the port \"random\"")
	authorityFile := flags.String("ca", "", "write the certificate of the authority of wss:// to this `file`, for --cacert (default none)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	s, err := listen(*address, *seed)
	if err != nil {
		return err
	}
	defer s.close()
	if *authorityFile != "" {
		if err := os.WriteFile(*authorityFile, s.certs.pem(), 0o644); err != nil {
			return err
		}
	}
	s.print(stdout, *seed)
	await(ctx, stdin)
	return nil
}

// print prints a line per port, the seed, and "ready".
func (s *server) print(w io.Writer, seed uint64) {
	for _, p := range s.ports {
		fmt.Fprintf(w, "%s on %v\n", p.name, p.addr)
	}
	fmt.Fprintf(w, "seed %d\nready\n", seed)
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
