package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"wsperf/engine"
	"wsperf/handshake"
	"wsperf/stats"
)

// clientRole is the variable with a clientConfig that makes this test program a
// client. In a process of its own, its memory and descriptors can be checked.
const clientRole = "WSPERF_TEST_HOSTILE_CLIENT"

// clientConfig is the run that a client makes.
type clientConfig struct {
	Addr                 string
	Path                 string
	Connections          int64
	Low, High, Loops     int
	Connect, Open, Close time.Duration // timeouts

	TLS    *clientTLS // nil: ws://
	Secure time.Duration

	Hold int // the run is interrupted when so many connections are in flight, or after 40 s; 0: it is not
}

// clientTLS is a tlsClient with what the test adds.
type clientTLS struct {
	CA       string // PEM
	Insecure bool
	Min, Max uint16
	Resume   float64
	Groups   []tls.CurveID
}

// engine returns it as the engine takes it.
func (c *clientTLS) engine(host string) *engine.TLS {
	if c == nil {
		return nil
	}
	t := &engine.TLS{ServerName: host, Insecure: c.Insecure, MinVersion: c.Min, MaxVersion: c.Max, ResumePercent: c.Resume, Groups: c.Groups, Roots: x509.NewCertPool()}
	t.Roots.AppendCertsFromPEM([]byte(c.CA))
	return t
}

// clientReport is what a client reports of its run.
type clientReport struct {
	Total, Success, Fail       uint64
	Causes                     map[string]uint64
	Fin                        stats.FinResult
	Allocations, Collections   uint64
	Goroutines                 int // after the run, more than before it
	Replies                    []string
	DescriptorsBefore          []string
	DescriptorsAfter           []string
	PeakBytesBefore, PeakBytes int64
	Took                       time.Duration
}

// beClient makes a run and prints its report.
func beClient(text string) int {
	var c clientConfig
	err := json.Unmarshal([]byte(text), &c)
	if err == nil {
		var r *clientReport
		if r, err = c.do(); err == nil {
			err = json.NewEncoder(os.Stdout).Encode(r)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		return 1
	}
	return 0
}

// do makes the run, and lists the open descriptors before and after it.
func (c *clientConfig) do() (*clientReport, error) {
	cfg, err := c.config()
	if err != nil {
		return nil, err
	}
	if _, err := peakBytes("self"); err != nil { // the first file read opens the runtime's epoll descriptor
		return nil, err
	}
	r := &clientReport{}
	if r.DescriptorsBefore, err = descriptors(); err != nil {
		return nil, err
	}
	result, err := r.run(cfg, c.Hold)
	if err != nil {
		return nil, err
	}
	r.take(result)
	r.DescriptorsAfter, err = descriptors()
	return r, err
}

func (c *clientConfig) config() (engine.Config, error) {
	request, err := handshake.NewRequest(handshake.RequestConfig{Host: c.Addr, Target: c.Path})
	if err != nil {
		return engine.Config{}, err
	}
	addr, err := netip.ParseAddrPort(c.Addr)
	return engine.Config{
		TLS: c.TLS.engine(addr.Addr().String()), SecureTimeout: c.Secure,
		Addr: addr, Request: request, Rules: handshake.NewRules(nil),
		Loops: c.Loops, Load: engine.Load{Connections: c.Connections, Low: c.Low, High: c.High}, CloseCode: 1000,
		ConnectTimeout: c.Connect, OpenTimeout: c.Open, CloseTimeout: c.Close, Samples: 3,
	}, err
}

// waitFor waits until what is asked for is so, or for 40 s.
func waitFor(so func() bool) {
	for end := time.Now().Add(40 * time.Second); !so() && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
}

// run makes the run and reads the peak memory before and after it.
func (r *clientReport) run(cfg engine.Config, hold int) (*stats.Result, error) {
	before := runtime.NumGoroutine()
	run, _, err := engine.Prepare(cfg)
	if err != nil {
		return nil, err
	}
	defer run.Close()
	if r.PeakBytesBefore, err = peakBytes("self"); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if hold > 0 {
		go func() {
			defer cancel()
			waitFor(func() bool { return run.Progress().InFlight >= hold })
		}()
	}
	result, err := run.Do(ctx)
	if err != nil {
		return nil, err
	}
	if r.PeakBytes, err = peakBytes("self"); err != nil {
		return nil, err
	}
	waitFor(func() bool { return runtime.NumGoroutine() <= before })
	r.Goroutines = runtime.NumGoroutine() - before
	return result, result.Check()
}

func (r *clientReport) take(result *stats.Result) {
	r.Total, r.Success, r.Fail, r.Fin = result.Total, result.Success, result.Fail, result.Fin
	r.Allocations, r.Collections = result.Client.Allocations, result.Client.Collections
	r.Took = result.Duration()
	for _, all := range result.Replies {
		for _, reply := range all {
			r.Replies = append(r.Replies, string(reply.Bytes[:min(len(reply.Bytes), 200)]))
		}
	}
	r.Causes = map[string]uint64{}
	for c, n := range result.Causes {
		if n > 0 {
			r.Causes[stats.Cause(c).String()] = n
		}
	}
	if result.Success > 0 {
		r.Causes[stats.CauseNone.String()] = result.Success
	}
}

// client makes a run in a process of its own and returns its report. A client that
// has not exited within the guard is killed, and the test fails.
func client(t *testing.T, c clientConfig, guard time.Duration) *clientReport {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), guard)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), clientRole+"="+string(text))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("client of %s%s (guard %v): %v", c.Addr, c.Path, guard, err)
	}
	var r clientReport
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	return &r
}
