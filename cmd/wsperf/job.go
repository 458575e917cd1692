package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"

	"github.com/gobwas/ws"

	"wsperf/engine"
	"wsperf/engine/host"
	"wsperf/handshake"
	"wsperf/stats"
	"wsperf/stats/file"
	"wsperf/stats/report"
)

// job is a checked command line: what to run, and where its result goes.
type job struct {
	options *runOptions
	target  target // of the URL; for the built-in testee, known once it runs
	place   placement
	sources []netip.Addr // empty: the kernel chooses
	headers []handshake.Header
	file    *resultFile // nil: none
	builtin bool
}

// newJob checks everything that can be checked without touching the network or the disk.
func newJob(o *runOptions) (*job, error) {
	j := &job{options: o, builtin: o.url == ""}
	for _, step := range []func() error{j.placeLoops, j.readTarget, j.readSources, j.readHeaders, j.rehearse} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return j, nil
}

func (j *job) placeLoops() error {
	w := wish{loops: j.options.loops}
	var err error
	if j.options.cpus != "" {
		if w.cpus, err = parseCPUs(j.options.cpus); err != nil {
			return err
		}
	}
	allowed, err := host.AllowedCPUs()
	if err != nil {
		return err
	}
	if j.builtin {
		j.place, err = w.split(allowed)
	} else {
		j.place, err = w.shared(allowed)
	}
	return err
}

func (j *job) readTarget() (err error) {
	if j.builtin {
		// Any address does for the checks: the testee tells the real one.
		j.target, err = parseTarget("ws://127.0.0.1/")
		return err
	}
	j.target, err = parseTarget(j.options.url)
	return err
}

// readSources comes after readTarget: the testee's address must be of the sources' family.
func (j *job) readSources() (err error) {
	if j.options.source == "" {
		return nil
	}
	if j.sources, err = parseSources(j.options.source); err != nil {
		return err
	}
	j.target.from = j.sources[0]
	return j.target.checkFamily()
}

func (j *job) readHeaders() (err error) {
	j.headers, err = parseHeaders(j.options.headers)
	return err
}

// rehearse checks the engine's configuration with an address that stands for the one to come.
func (j *job) rehearse() error {
	standIn := netip.IPv6Loopback()
	if len(j.sources) > 0 {
		standIn = j.sources[0] // of the testee's family
	}
	cfg, err := j.config(netip.AddrPortFrom(standIn, j.target.port))
	if err != nil {
		return err
	}
	return cfg.Validate()
}

func (j *job) config(addr netip.AddrPort) (engine.Config, error) {
	o := j.options
	request, err := handshake.NewRequest(handshake.RequestConfig{
		Host: handshake.HostHeader(j.target.url), Target: handshake.RequestTarget(j.target.url),
		Origin: o.origin, Subprotocols: o.subprotocols, Headers: j.headers,
	})
	if err != nil {
		return engine.Config{}, err
	}
	cfg := engine.Config{
		Addr: addr, Sources: j.sources, Request: request, Rules: handshake.NewRules(o.subprotocols),
		Loops: j.place.loops, CPUs: j.place.client,
		Load:           engine.Load{Connections: o.conns, Duration: o.duration, Low: o.low, High: o.high},
		CloseCode:      ws.StatusCode(o.closeCode), // its range is checked
		ConnectTimeout: o.connectTimeout, OpenTimeout: o.openTimeout, CloseTimeout: o.closeTimeout,
		Log: o.log, Samples: o.samples,
	}
	if o.duration > 0 {
		cfg.Connections = 0
	}
	return cfg, nil
}

// run does the job from the name lookup to the written result. Everything that
// it starts has ended when it returns.
func (j *job) run(ctx context.Context, u *ui) error {
	ctx, signals := watch(ctx, u)
	defer signals.stop()
	result, err := j.measure(ctx, u, signals)
	signals.writing()
	if result == nil {
		return err
	}
	j.describe(result)
	return errors.Join(j.write(u, result, signals), err, verdict(result))
}

// measure does all that comes before the result is written. A result comes
// with an error when it was measured but cannot be trusted.
func (j *job) measure(ctx context.Context, u *ui, signals *interrupts) (*stats.Result, error) {
	addr, err := j.resolve(ctx)
	if err != nil {
		return nil, err
	}
	if j.options.out != "" {
		if j.file, err = openResult(j.options.out); err != nil {
			return nil, err
		}
	}
	if !j.builtin {
		return j.engage(ctx, u, signals, addr)
	}
	return j.againstBuiltin(ctx, u, signals)
}

func (j *job) resolve(ctx context.Context) (netip.AddrPort, error) {
	addr, err := j.target.resolve(ctx, net.DefaultResolver.LookupNetIP)
	if ctx.Err() != nil {
		return addr, errEarly
	}
	return addr, err
}

// errEarly is an interruption before there was anything to report.
var errEarly = fmt.Errorf("%w before the run began", errInterrupted)

func (j *job) againstBuiltin(ctx context.Context, u *ui, signals *interrupts) (*stats.Result, error) {
	testee, err := startBuiltin(ctx, j.place.testee)
	if err != nil {
		return nil, err
	}
	return j.against(ctx, u, signals, testee)
}

// against runs against the built-in testee and ends it.
func (j *job) against(ctx context.Context, u *ui, signals *interrupts, testee *builtin) (result *stats.Result, err error) {
	defer func() { err = withFate(err, testee.stop()) }()
	j.options.url = "ws://" + testee.addr.String() + "/"
	if j.target, err = parseTarget(j.options.url); err != nil {
		return nil, err
	}
	if u.tty && !j.options.quiet {
		u.note(fmt.Sprintf("built-in testee on %v, CPUs %s", testee.addr, formatCPUs(j.place.testee)))
	}
	// A testee that dies ends the run: it would only count refused connections from here on.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(testee.ended, cancel)()
	return j.engage(ctx, u, signals, testee.addr)
}

// withFate adds to the error of a run what became of its testee. That it was
// cancelled before it began is not the user's doing then.
func withFate(err, fate error) error {
	if fate != nil && errors.Is(err, errEarly) {
		return fate
	}
	return errors.Join(err, fate)
}

// engage prepares the engine and runs it.
func (j *job) engage(ctx context.Context, u *ui, signals *interrupts, addr netip.AddrPort) (*stats.Result, error) {
	cfg, err := j.config(addr)
	if err != nil {
		return nil, err
	}
	run, warnings, err := engine.Prepare(cfg)
	if err != nil {
		return nil, err
	}
	defer run.Close()
	for _, w := range warnings {
		u.warn(w.Text)
	}
	if ctx.Err() != nil {
		return nil, errEarly
	}
	if j.options.awaitStart {
		if err := j.awaitStart(ctx, u, signals); err != nil {
			return nil, err
		}
	}
	signals.onFirst("interrupted: closing open connections (again to stop at once)")
	if u.tty && !j.options.quiet {
		defer showProgress(u, run.Progress, goal{conns: cfg.Connections, duration: cfg.Duration})()
	}
	return run.Do(ctx)
}

// write puts the result where it was asked for. A lost file does not keep the report from being printed.
func (j *job) write(u *ui, r *stats.Result, signals *interrupts) error {
	var lost error
	if j.file != nil {
		lost = j.file.save(func(w io.Writer) error { return file.Write(w, r) }, signals.onExit)
	}
	show := report.Text
	if j.options.json {
		show = file.Write
	}
	return errors.Join(lost, cmp.Or(show(u.out, r), u.out.Flush()))
}

// describe adds to the result what the engine does not know.
func (j *job) describe(r *stats.Result) {
	r.Setup.URL = j.options.url
	r.Setup.Headers = maskCredentials(j.headers)
	r.Setup.Subprotocols = j.options.subprotocols
	r.Setup.Origin = j.options.origin
	r.Setup.Version = version
}

// maskCredentials writes headers as they were sent, but for the values that
// let a reader of the result file in somewhere.
func maskCredentials(headers []handshake.Header) []string {
	var lines []string
	for _, h := range headers {
		switch strings.ToLower(h.Name) {
		case "authorization", "proxy-authorization", "cookie":
			lines = append(lines, h.Name+": ***")
		default:
			lines = append(lines, h.Name+": "+h.Value)
		}
	}
	return lines
}

// verdict turns what a result says into the end of the process.
func verdict(r *stats.Result) error {
	switch {
	case r.Interrupted:
		return errInterrupted
	case r.Success > 0:
		return nil
	case r.Total == 0:
		return errors.New("no connection was started")
	}
	worst := stats.CauseNone
	for c := range r.Causes {
		if r.Causes[c] > r.Causes[worst] {
			worst = stats.Cause(c)
		}
	}
	return fmt.Errorf("every handshake failed: %v %d", worst, r.Causes[worst])
}
