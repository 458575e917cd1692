package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"testing"
	"time"

	"wsperf/engine"
	"wsperf/handshake"
	"wsperf/stats"
)

// clientRole makes this test program the client of an order: in a process of
// its own, what it leaves behind is its own.
const clientRole = "WSPERF_TEST_HOSTILE_CLIENT"

// order is what a client is to do.
type order struct {
	Addr                 string
	Path                 string
	Connections          int64
	Low, High, Loops     int
	Connect, Open, Close time.Duration // timeouts
}

// account is what became of it.
type account struct {
	Total, Success, Fail       uint64
	Causes                     map[string]uint64
	Fin                        stats.FinResult
	Allocations, Collections   uint64
	DescriptorsBefore          []string
	DescriptorsAfter           []string
	PeakBytesBefore, PeakBytes int64
	Took                       time.Duration
}

// beClient does the order and prints the account.
func beClient(text string) int {
	var o order
	err := json.Unmarshal([]byte(text), &o)
	if err == nil {
		var a *account
		if a, err = o.do(); err == nil {
			err = json.NewEncoder(os.Stdout).Encode(a)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		return 1
	}
	return 0
}

// do is a whole run, between two looks at the process.
func (o *order) do() (*account, error) {
	cfg, err := o.config()
	if err != nil {
		return nil, err
	}
	if _, err := peakBytes("self"); err != nil { // the first file that is read opens the runtime's epoll
		return nil, err
	}
	a := &account{}
	if a.DescriptorsBefore, err = descriptors(); err != nil {
		return nil, err
	}
	result, err := a.run(cfg)
	if err != nil {
		return nil, err
	}
	a.take(result)
	a.DescriptorsAfter, err = descriptors()
	return a, err
}

func (o *order) config() (engine.Config, error) {
	request, err := handshake.NewRequest(handshake.RequestConfig{Host: o.Addr, Target: o.Path})
	if err != nil {
		return engine.Config{}, err
	}
	addr, err := netip.ParseAddrPort(o.Addr)
	return engine.Config{
		Addr: addr, Request: request, Rules: handshake.NewRules(nil),
		Loops: o.Loops, Load: engine.Load{Connections: o.Connections, Low: o.Low, High: o.High}, CloseCode: 1000,
		ConnectTimeout: o.Connect, OpenTimeout: o.Open, CloseTimeout: o.Close, Samples: 3,
	}, err
}

// run does what is measured in memory.
func (a *account) run(cfg engine.Config) (*stats.Result, error) {
	run, _, err := engine.Prepare(cfg)
	if err != nil {
		return nil, err
	}
	defer run.Close()
	if a.PeakBytesBefore, err = peakBytes("self"); err != nil {
		return nil, err
	}
	result, err := run.Do(context.Background())
	if err != nil {
		return nil, err
	}
	if a.PeakBytes, err = peakBytes("self"); err != nil {
		return nil, err
	}
	return result, result.Check()
}

func (a *account) take(r *stats.Result) {
	a.Total, a.Success, a.Fail, a.Fin = r.Total, r.Success, r.Fail, r.Fin
	a.Allocations, a.Collections = r.Client.Allocations, r.Client.Collections
	a.Took = r.Duration()
	a.Causes = map[string]uint64{}
	for c, n := range r.Causes {
		if n > 0 {
			a.Causes[stats.Cause(c).String()] = n
		}
	}
	if r.Success > 0 {
		a.Causes[stats.CauseNone.String()] = r.Success
	}
}

// client runs an order in a process and returns its account. One that has not
// ended within the guard is killed, and the test fails.
func client(t *testing.T, o order, guard time.Duration) *account {
	t.Helper()
	text, err := json.Marshal(o)
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
		t.Fatalf("client of %s%s (guard %v): %v", o.Addr, o.Path, guard, err)
	}
	var a account
	if err := json.Unmarshal(out, &a); err != nil {
		t.Fatal(err)
	}
	return &a
}
