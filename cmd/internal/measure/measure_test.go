package measure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/ui"
	"wsperf/engine"
	"wsperf/stats"
)

// silent is an observer that does nothing.
type silent struct{}

func (silent) Waiting(string)                                       {}
func (silent) TesteeListens(netip.AddrPort, []int)                  {}
func (silent) Prepared(context.Context, []engine.Warning) error     { return nil }
func (silent) Begun(func() engine.Progress, ui.Goal) (ended func()) { return func() {} }

// mortal is a testee that dies after its first closing handshake.
type mortal struct {
	at    netip.AddrPort
	ended chan struct{}
}

func newMortal(t *testing.T) *mortal {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	m := &mortal{netip.MustParseAddrPort(l.Addr().String()), make(chan struct{})}
	go func() {
		c, err := l.Accept()
		if err == nil && closeHandshake(c) == nil {
			close(m.ended)
		}
	}()
	return m
}

func closeHandshake(c net.Conn) error {
	defer c.Close()
	if _, err := ws.Upgrade(c); err != nil {
		return err
	}
	head, err := ws.ReadHeader(c)
	if err != nil {
		return err
	}
	_, _ = io.CopyN(io.Discard, c, head.Length) // the next step fails if this one does
	return ws.WriteFrame(c, ws.NewCloseFrame(nil))
}

func (m *mortal) Ended() <-chan struct{} { return m.ended }
func (m *mortal) Stop() error            { return errors.New("signal: killed") }

func TestRunEndsWithItsTestee(t *testing.T) {
	o := job.Default()
	o.Connections, o.DurationUs, o.Low, o.High = 0, time.Hour.Microseconds(), 1, 1
	o.CloseTimeoutUs = (100 * time.Millisecond).Microseconds() // of connections that nobody accepts
	j, err := job.New(o)
	if err != nil {
		t.Fatal(err)
	}
	m := newMortal(t)
	result, err := againstLocal(t.Context(), j, silent{}, m, m.at)
	if err == nil || err.Error() != "signal: killed" {
		t.Errorf("error %v", err)
	}
	if result == nil || !result.Interrupted || result.Total == 0 {
		t.Errorf("result %+v, want an interrupted one", result)
	}
}

func TestWithEndOfTestee(t *testing.T) {
	died, full := errors.New("died"), errors.New("full")
	for _, c := range []struct{ err, ended, is, isNot error }{
		{nil, died, died, ui.ErrInterrupted},
		{ui.ErrEarly, died, died, ui.ErrInterrupted},
		{ui.ErrEarly, nil, ui.ErrEarly, died},
		{full, died, full, ui.ErrInterrupted},
	} {
		if got := withEndOfTestee(c.err, c.ended); !errors.Is(got, c.is) || errors.Is(got, c.isNot) {
			t.Errorf("%v and %v: %v", c.err, c.ended, got)
		}
	}
	if got := withEndOfTestee(nil, nil); got != nil {
		t.Errorf("nothing and nothing: %v", got)
	}
}

func TestOutcome(t *testing.T) {
	refused := stats.Result{Counts: stats.Counts{Total: 3, Fail: 3}}
	refused.Causes[stats.CauseConnectRefused], refused.Causes[stats.CauseOpenEOF] = 2, 1
	for _, c := range []struct {
		name   string
		result stats.Result
		want   string
	}{
		{"good", stats.Result{Counts: stats.Counts{Total: 3, Success: 1, Fail: 2}}, "<nil>"},
		{"interrupted", stats.Result{Counts: stats.Counts{Total: 3, Fail: 3}, Interrupted: true}, "interrupted"},
		{"nothing", stats.Result{}, "no connection was started"},
		{"all failed", refused, "every handshake failed: connect_refused 2"},
	} {
		if got := fmt.Sprint(Outcome(&c.result)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if none := ui.IsNoSuccess(Outcome(&c.result)); none != (c.name == "all failed") {
			t.Errorf("%s: every handshake failed: %v", c.name, none)
		}
	}
}
