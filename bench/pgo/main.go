// Command pgo records a CPU profile of wsperf for profile-guided optimization. It
// runs the engine against the built-in testee in the same process, so the profile
// is of both. `go build` uses a default.pgo in the folder of package main
// (go.dev/doc/pgo).
//
//	go run ./bench/pgo [-handshakes 400000] [-out cmd/wsperf/default.pgo]
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"time"

	"wsperf/bench/testee"
	"wsperf/engine"
	"wsperf/handshake"
)

// samplesPerSecond is more than package pprof's 100: only some 2 us of a handshake
// are in user space, and samples of the kernel are of no use to the compiler.
const samplesPerSecond = 1000

// loads are the profiled loads, as opening handshakes in flight.
var loads = []int{64, 500}

func main() {
	o, err := parse(os.Args[1:])
	if err == nil {
		err = replace(o.out, func() ([]byte, error) { return record(o.handshakes) })
	}
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgo:", err)
		os.Exit(1)
	}
}

type options struct {
	handshakes int64
	out        string
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("pgo", flag.ContinueOnError)
	f.Int64Var(&o.handshakes, "handshakes", 400000, "handshakes of each load")
	f.StringVar(&o.out, "out", "cmd/wsperf/default.pgo", "write the profile to this file")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("argument %q: must be an option", f.Arg(0))
	}
	if o.handshakes < 1 {
		return o, fmt.Errorf("-handshakes %d: must be 1 or more", o.handshakes)
	}
	return o, nil
}

// replace puts the profile that record makes in the place of the file. If there is none that
// is of use, the file stays as it was. It is renamed into place once it is complete, so that
// no build reads a part of it.
func replace(out string, record func() ([]byte, error)) error {
	file, err := os.CreateTemp(filepath.Dir(out), ".pgo-") // before the minute that record takes
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // gone already, if all went well
	profile, err := record()
	if err == nil {
		err = check(profile)
	}
	if err == nil {
		_, err = file.Write(profile)
	}
	if err := errors.Join(err, file.Chmod(0o644), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), out)
}

// record makes the profile in memory: package pprof drops the errors of its writer.
func record(handshakes int64) ([]byte, error) {
	var profile bytes.Buffer
	err := withTestee(func(at netip.AddrPort) error { return profileLoads(&profile, at, handshakes) })
	return profile.Bytes(), err
}

// withTestee calls do while the built-in testee serves.
func withTestee(do func(at netip.AddrPort) error) error {
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan net.Addr, 1), make(chan error, 1)
	go func() {
		ended <- testee.Serve(ctx, testee.Config{Listen: "127.0.0.1:0", Loops: 1, Ready: func(a net.Addr) { ready <- a }})
	}()
	select {
	case err := <-ended:
		stop()
		return err
	case addr := <-ready:
		err := do(netip.MustParseAddrPort(addr.String()))
		stop()
		return errors.Join(err, <-ended)
	}
}

func profileLoads(w io.Writer, at netip.AddrPort, handshakes int64) error {
	// StartCPUProfile then tries to set its own rate, and the runtime prints on
	// standard error that it cannot (go.dev/issue/79900).
	runtime.SetCPUProfileRate(samplesPerSecond)
	if err := pprof.StartCPUProfile(w); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	for _, n := range loads {
		if err := run(at, handshakes, n); err != nil {
			return err
		}
	}
	return nil
}

func run(at netip.AddrPort, handshakes int64, inFlight int) error {
	request, err := handshake.NewRequest(handshake.RequestConfig{Host: at.String()})
	if err != nil {
		return err
	}
	prepared, _, err := engine.Prepare(engine.Config{
		Addr: at, Request: request, Rules: handshake.NewRules(nil), Loops: 1,
		Load: engine.Load{Connections: handshakes, Low: inFlight, High: inFlight}, CloseCode: 1000,
		ConnectTimeout: time.Minute, OpenTimeout: time.Minute, CloseTimeout: time.Minute,
	})
	if err != nil {
		return err
	}
	defer prepared.Close()
	result, err := prepared.Do(context.Background())
	if err == nil && result.Fail > 0 {
		err = fmt.Errorf("%d of %d connections failed", result.Fail, result.Total)
	}
	return err
}
