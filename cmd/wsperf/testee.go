package main

import (
	"github.com/spf13/cobra"

	"wsperf/bench/testee"
	"wsperf/cmd/internal/builtin"
	"wsperf/cmd/internal/ui"
	"wsperf/engine/host"
)

const testeeLong = `Testee is the built-in WebSocket server: opening handshake, echo of text and binary
messages, ping and pong, closing handshake; it closes the TCP connection itself.
It runs until it is interrupted, and exits with 0 then. Its first line on standard
output is "listening on ADDRESS:PORT", with --tls "listening on wss://ADDRESS:PORT".

With --tls it speaks TLS 1.2 and 1.3, with the groups X25519 and P-256. Without --cert
it makes a key (ECDSA, P-256) and a self-signed certificate at its start, valid for a
day, for localhost, 127.0.0.1, ::1 and the address that it listens on. Clients can
verify it with the file of --cert-out.`

const testeeExample = `  # a testee for runs from another terminal
  wsperf testee --listen 127.0.0.1:9001 --loops 2

  # for other machines, on a free port
  wsperf testee --listen 0.0.0.0:0

  # with TLS, and a certificate that clients can verify
  wsperf testee --tls --cert-out testee.pem`

func newTesteeCommand(u *ui.UI) *cobra.Command {
	cfg := testee.Config{Listen: "127.0.0.1:9001"}
	secure := tlsOptions{tickets: true}
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
	secure.add(c.Flags())
	c.Flags().BoolVar(&exitOnEOF, "exit-on-eof", false, "end with the standard input")
	_ = c.Flags().MarkHidden("exit-on-eof") // fails for an unknown name only
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := completeTestee(&cfg, c.Flags().Changed("loops")); err != nil {
			return asUsage(c, err)
		}
		if err := secure.check(c.Flags()); err != nil {
			return asUsage(c, err)
		}
		if err := secure.apply(&cfg); err != nil {
			return err
		}
		ctx, signals := ui.Watch(c.Context(), u)
		defer signals.Stop()
		if exitOnEOF {
			ctx = builtin.UntilEOF(ctx, u.In)
		}
		return builtin.Serve(ctx, u, cfg)
	}
	return c
}

// completeTestee sets the default number of loops unless one was given, and checks
// the configuration.
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
