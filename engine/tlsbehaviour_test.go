package engine

import (
	"context"
	"crypto/tls"
	"maps"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"wsperf/stats"
)

// TestBehavioursSecured: within TLS a testee's behaviour has the same cause as without it.
func TestBehavioursSecured(t *testing.T) {
	a := newAuthority(t)
	config := &tls.Config{Certificates: []tls.Certificate{a.issue(nil)}}
	for _, b := range behaviours() {
		t.Run(b.name, func(t *testing.T) {
			result := do(t, hurry(wss(t, a, securedBy(t, config, b.do), 40), b.want))
			if got := causes(result); !maps.Equal(got, b.counts(40)) || result.Total != 40 {
				t.Fatalf("causes %v of %d, want %v; %s", got, result.Total, b.counts(40), firstReply(result))
			}
		})
	}
}

// dribble is a connection whose bytes leave one by one.
type dribble struct{ *net.TCPConn }

func (d dribble) Write(b []byte) (int, error) {
	for i := range b {
		if _, err := d.TCPConn.Write(b[i : i+1]); err != nil {
			return i, err
		}
		runtime.Gosched()
	}
	return len(b), nil
}

// TestTLSInPieces: records that are cut everywhere mean the same as whole ones.
func TestTLSInPieces(t *testing.T) {
	a := newAuthority(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			config := &tls.Config{Certificates: []tls.Certificate{a.issue(nil)}, MaxVersion: version}
			addr := scripted(t, func(p *peer) {
				secured := tls.Server(dribble{p.TCPConn}, config)
				if secured.Handshake() == nil {
					p.over(secured)
					polite(p)
				}
			})
			if r := do(t, wss(t, a, addr, 40)); r.Success != 40 || r.Fin.Received != 40 {
				t.Fatalf("%d of 40 successes, ends %+v, causes %v; %s", r.Success, r.Fin, causes(r), firstReply(r))
			}
		})
	}
}

// TestTLSInterrupted: an interrupt ends connections in any state of the TLS handshake, and no coroutine is left.
func TestTLSInterrupted(t *testing.T) {
	a := newAuthority(t)
	for _, c := range []struct {
		name string
		do   func(*peer)
	}{
		{"before the ServerHello", func(p *peer) { p.silence() }},
		{"in the handshake", func(p *peer) {
			_ = tls.Server(&half{TCPConn: p.TCPConn, left: 200}, &tls.Config{Certificates: []tls.Certificate{a.issue(nil)}}).Handshake()
			p.silence()
		}},
		{"before the response", func(p *peer) {
			secured := tls.Server(p.TCPConn, &tls.Config{Certificates: []tls.Certificate{a.issue(nil)}})
			_ = secured.Handshake()
			p.over(secured)
			p.silence()
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var reached atomic.Int64
			ctx, cancel := context.WithCancel(t.Context())
			cfg := wss(t, a, scripted(t, func(p *peer) {
				if reached.Add(1) == 4 {
					time.AfterFunc(50*time.Millisecond, cancel)
				}
				c.do(p)
			}), 1000)
			cfg.CloseTimeout = 200 * time.Millisecond
			before := runtime.NumGoroutine()
			r := doUntil(t, ctx, cfg)
			if !r.Interrupted || r.Causes[stats.CauseInterrupted] != r.Total || r.Total != 4 {
				t.Fatalf("%d of %d interrupted, causes %v", r.Causes[stats.CauseInterrupted], r.Total, causes(r))
			}
			for end := time.Now().Add(20 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("%d goroutines before, %d after", before, runtime.NumGoroutine())
				}
			}
		})
	}
}

// TestInterruptedForATicket: no connection is started, and nothing is waited for.
func TestInterruptedForATicket(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cfg := wss(t, newAuthority(t), scripted(t, func(p *peer) {
		cancel()
		p.silence()
	}), 1000)
	cfg.TLS.ResumePercent = 100
	if r := doUntil(t, ctx, cfg); !r.Interrupted || r.Total != 0 {
		t.Errorf("interrupted: %v, %d connections, want none", r.Interrupted, r.Total)
	}
}

// TestSilentForATicket: the handshake that fetches a ticket has the timeouts of the others.
func TestSilentForATicket(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cfg := wss(t, newAuthority(t), scripted(t, func(p *peer) { p.silence() }), 1)
	cfg.TLS.ResumePercent = 100
	cfg.SecureTimeout, cfg.OpenTimeout = 50*time.Millisecond, 10*time.Minute
	if r := doUntil(t, ctx, cfg); r.Interrupted || r.Causes[stats.CauseSecureTimeout] != 1 {
		t.Errorf("interrupted: %v, causes %v, want one secure_timeout", r.Interrupted, causes(r))
	}
}

// half is a connection that takes some bytes and swallows the rest.
type half struct {
	*net.TCPConn
	left int
}

func (h *half) Write(b []byte) (int, error) {
	n := min(len(b), h.left)
	h.left -= n
	_, err := h.TCPConn.Write(b[:n])
	return len(b), err
}
