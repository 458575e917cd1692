package main

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/spf13/cobra"

	"wsperf/bench/testee"
	"wsperf/engine/host"
)

const testeeLong = `Testee is the built-in WebSocket server: opening handshake, echo of text and binary
messages, ping and pong, closing handshake; it closes the TCP connection itself.
It runs until it is interrupted, and exits with 0 then. Its first line on standard
output is "listening on ADDRESS:PORT".`

const testeeExample = `  # a testee for runs from another terminal
  wsperf testee --listen 127.0.0.1:9001 --loops 2

  # for other machines, on a free port
  wsperf testee --listen 0.0.0.0:0`

func newTesteeCommand(u *ui) *cobra.Command {
	cfg := testee.Config{Listen: "127.0.0.1:9001"}
	exitOnEOF := false
	c := &cobra.Command{
		Use:     "testee [options]",
		Short:   "be the built-in testee",
		Long:    testeeLong,
		Example: testeeExample,
		Args:    exactArgs(0, "testee takes options only, such as --listen 127.0.0.1:9001"),
	}
	c.DisableFlagsInUseLine = true
	c.Flags().SortFlags = false
	c.Flags().StringVar(&cfg.Listen, "listen", cfg.Listen, "listen on `ADDRESS:PORT`; port 0: a free one; IPv6 in brackets")
	c.Flags().IntVar(&cfg.Loops, "loops", 0, "run `N` event loops, 1 or more (default one per allowed CPU)")
	c.Flags().BoolVar(&exitOnEOF, "exit-on-eof", false, "end with the standard input")
	_ = c.Flags().MarkHidden("exit-on-eof") // fails for an unknown name only
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := completeTestee(&cfg, c.Flags().Changed("loops")); err != nil {
			return asUsage(c, err)
		}
		ctx, signals := watch(c.Context(), u)
		defer signals.stop()
		if exitOnEOF {
			ctx = untilEOF(ctx, u.in)
		}
		return serve(ctx, u, cfg)
	}
	return c
}

// completeTestee fills in the number of loops unless it was given, and checks the rest.
func completeTestee(cfg *testee.Config, given bool) error {
	if !given {
		allowed, err := host.AllowedCPUs()
		if err != nil {
			return err
		}
		cfg.Loops = len(allowed)
	}
	return cfg.Validate()
}

// untilEOF returns a context that ends with the input: a parent process that
// holds the other end of the pipe and dies, in whatever way, closes it.
func untilEOF(ctx context.Context, in io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, in) // an error is an end as well
	}()
	return ctx
}

// serve runs the testee until ctx is done. A ready line that cannot be written
// ends it: nobody would know the port.
func serve(ctx context.Context, u *ui, cfg testee.Config) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var unheard error
	cfg.Ready = func(addr net.Addr) {
		fmt.Fprintf(u.out, "%s%v\n", listening, addr)
		if unheard = u.out.Flush(); unheard != nil {
			cancel(unheard)
		}
	}
	if err := testee.Serve(ctx, cfg); err != nil {
		return err
	}
	return unheard
}
