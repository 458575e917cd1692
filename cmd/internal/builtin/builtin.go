// Package builtin runs the built-in testee: Start has it in a child process, and
// Serve is what that process does.
package builtin

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"wsperf/cmd/internal/ui"
	"wsperf/engine/child"
)

const (
	// startTimeout bounds how long the testee may take to listen. It takes
	// milliseconds; the rest is for a machine that is swapping.
	startTimeout = 20 * time.Second
	// stopTimeout is how long it may take to end before it is killed.
	stopTimeout = 5 * time.Second
	// Listening begins the line with which the testee says that it accepts connections.
	Listening = "listening on "
	// secureScheme is before the address in that line if the testee speaks TLS.
	secureScheme = "wss://"
)

// Testee is a built-in testee in a child process, which ends when this process does.
type Testee struct {
	Addr  netip.AddrPort
	child *child.Child
}

// Start starts the testee on the given CPUs and waits until it listens.
func Start(ctx context.Context, cpus []int) (*Testee, error) { return start(ctx, cpus, "") }

// StartTLS starts one that speaks TLS, and has it write its self-signed certificate to the file
// certOut before it listens.
func StartTLS(ctx context.Context, cpus []int, certOut string) (*Testee, error) {
	return start(ctx, cpus, secureScheme, "--tls", "--cert-out", certOut)
}

// start starts the testee with further options. It is to say the scheme before its address.
func start(ctx context.Context, cpus []int, scheme string, options ...string) (*Testee, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c, err := child.Start(child.Command{
		Path: program, CPUs: cpus,
		Args: append([]string{"wsperf", "testee", "--listen", "127.0.0.1:0", "--loops", strconv.Itoa(len(cpus)), "--exit-on-eof"}, options...),
	})
	if err != nil {
		return nil, fmt.Errorf("start the built-in testee: %w", err)
	}
	t := &Testee{child: c}
	if err := t.awaitAddress(ctx, Listening+scheme); err != nil {
		return nil, errors.Join(err, t.end())
	}
	return t, nil
}

// awaitAddress waits for the line with the testee's address, which begins with said.
func (t *Testee) awaitAddress(ctx context.Context, said string) error {
	if ctx.Err() != nil {
		return ui.ErrEarly
	}
	bounded, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	line, err := t.child.FirstLine(bounded)
	switch where, found := strings.CutPrefix(line, said); {
	case ctx.Err() != nil:
		return ui.ErrEarly
	case bounded.Err() != nil:
		return fmt.Errorf("the built-in testee does not listen after %v", startTimeout)
	case err != nil || !found:
		return t.failure()
	default:
		t.Addr, err = netip.ParseAddrPort(where)
		return err
	}
}

// failure says why the testee ended, or did not say where it listens. It ends it.
func (t *Testee) failure() error {
	_ = t.end() // the next lines say more
	if why, _, _ := strings.Cut(strings.TrimSpace(t.child.LastWords()), "\n"); why != "" {
		return fmt.Errorf("the built-in testee failed: %s", strings.TrimPrefix(why, "wsperf: "))
	}
	how := t.child.Wait()
	if how == nil {
		how = errors.New("exit status 0")
	}
	return fmt.Errorf("the built-in testee failed: %w", how)
}

// Ended returns a channel that is closed when the process has ended.
func (t *Testee) Ended() <-chan struct{} { return t.child.Ended() }

// Stop ends the testee and waits for that. It is an error if the testee had
// ended before.
func (t *Testee) Stop() error {
	select {
	case <-t.child.Ended():
		return t.failure()
	default:
		return t.end()
	}
}

// end can be called again.
func (t *Testee) end() error {
	if t.child.End(stopTimeout) {
		return fmt.Errorf("the built-in testee did not end within %v and was killed", stopTimeout)
	}
	return nil
}
