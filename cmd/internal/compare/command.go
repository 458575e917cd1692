package compare

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/keep"
	"wsperf/cmd/internal/ui"
	"wsperf/engine/child"
)

// server is a testee that a command has started.
type server struct{ child *child.Child }

// listenPoll is the time between two looks whether a testee accepts connections.
const listenPoll = 20 * time.Millisecond

// failure is why a testee could not be measured, with the last lines of its output.
type failure struct {
	error
	output []string
}

// start starts the command of a testee and waits until it accepts connections at all addresses. A
// testee without a command is nil.
func (t *Testee) start(ctx context.Context, addresses []string, timeout time.Duration) (*server, error) {
	if t.Command == "" {
		return nil, nil
	}
	for _, a := range addresses {
		if accepts(ctx, a) {
			return nil, failure{error: fmt.Errorf("%s accepts connections before its command was started: end what listens there", a)}
		}
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cpus, err := t.cpus()
	if err != nil {
		return nil, err
	}
	c, err := child.Start(child.Command{Path: program, Args: []string{"wsperf", "keep", t.Command}, CPUs: cpus})
	if err != nil {
		return nil, fmt.Errorf("start the command: %w", err)
	}
	s := &server{c}
	if err := s.await(ctx, addresses, timeout); err != nil {
		s.stop()
		return nil, s.explained(err)
	}
	return s, nil
}

// await waits until all addresses accept connections.
func (s *server) await(ctx context.Context, addresses []string, timeout time.Duration) error {
	late := time.NewTimer(timeout)
	defer late.Stop()
	poll := time.NewTicker(listenPoll)
	defer poll.Stop()
	for len(addresses) > 0 {
		if accepts(ctx, addresses[0]) {
			addresses = addresses[1:]
			continue
		}
		select {
		case <-ctx.Done():
			return ui.ErrInterrupted
		case <-s.child.Ended():
			return errors.New("the command ended before it accepted connections")
		case <-late.C:
			return fmt.Errorf("the command did not accept connections at %s within %v", addresses[0], timeout)
		case <-poll.C:
		}
	}
	return nil
}

// accepts reports whether a TCP connection can be established.
func accepts(ctx context.Context, hostPort string) bool {
	d := net.Dialer{Timeout: time.Second}
	c, err := d.DialContext(ctx, "tcp", hostPort)
	if err != nil {
		return false
	}
	_ = c.Close() // nothing was sent
	return true
}

// addresses returns where a testee listens under the loads.
func (t *Testee) addresses(loads []Load) (all []string) {
	for _, l := range loads {
		if a := hostPort(l.Scheme.url(t)); !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	return all
}

// hostPort returns where a server of the URL listens. The URL was checked.
func hostPort(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	port := u.Port()
	switch { // RFC 6455 section 3
	case port != "":
	case job.Secure(text):
		port = "443"
	default:
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// stop ends the command and all that it has started.
func (s *server) stop() {
	if s != nil {
		s.child.End(keep.Grace + 5*time.Second)
	}
}

// ended reports whether the command has ended by itself.
func (s *server) ended() bool {
	if s == nil {
		return false
	}
	select {
	case <-s.child.Ended():
		return true
	default:
		return false
	}
}

// outputLines bounds the lines of a testee's output that are kept.
const (
	outputLines   = 5
	maxOutputLine = 200
)

// explained adds to an error how the command ended, and what it said at last. The command has
// ended.
func (s *server) explained(err error) error {
	if s == nil || errors.Is(err, ui.ErrInterrupted) {
		return err
	}
	how, output := s.lastWords()
	if how != "" {
		err = fmt.Errorf("%w: %s", err, how)
	}
	return failure{err, output}
}

// lastWords returns how the command ended, and the last lines of its output. The process in between
// says how in a line behind them, and fails, if that was badly. Otherwise all lines are the command's.
func (s *server) lastWords() (how string, output []string) {
	for line := range strings.Lines(s.child.LastWords()) {
		if line = printable(strings.TrimSpace(line)); line != "" {
			output = append(output, line[:min(len(line), maxOutputLine)])
		}
	}
	if last := len(output) - 1; last >= 0 && s.child.Wait() != nil {
		if said, ours := strings.CutPrefix(output[last], keep.Prefix); ours {
			how, output = said, output[:last]
		}
	}
	return how, output[max(0, len(output)-outputLines):]
}

// printable replaces all but printable ASCII: a testee can write anything.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
}
