package builtin

import (
	"context"
	"fmt"
	"io"
	"net"

	"wsperf/bench/testee"
	"wsperf/cmd/internal/ui"
)

// UntilEOF returns a context that ends with the input. When a parent process
// that holds the other end of the pipe dies, in whatever way, the kernel closes it.
func UntilEOF(ctx context.Context, in io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, in) // an error is an end as well
	}()
	return ctx
}

// Serve runs the testee until ctx is done. If the line that names the port
// cannot be written, it ends: nobody would know the port. With TLS the line has
// "wss://" before the address.
func Serve(ctx context.Context, u *ui.UI, cfg testee.Config) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var unheard error
	scheme := ""
	if cfg.TLS != nil {
		scheme = secureScheme
	}
	cfg.Ready = func(addr net.Addr) {
		fmt.Fprintf(u.Out, "%s%s%v\n", Listening, scheme, addr)
		if unheard = u.Out.Flush(); unheard != nil {
			cancel(unheard)
		}
	}
	if err := testee.Serve(ctx, cfg); err != nil {
		return err
	}
	return unheard
}
