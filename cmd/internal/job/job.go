package job

import (
	"context"
	"fmt"
	"net/netip"
	"sync/atomic"

	"github.com/gobwas/ws"

	"wsperf/engine"
	"wsperf/engine/host"
	"wsperf/handshake"
	"wsperf/stats"
)

// Job is options that were checked, and what follows from them.
type Job struct {
	Options
	target  target // of the URL; a placeholder until UseBuiltin for the built-in testee
	places  placements
	sources []netip.Addr // empty: the kernel chooses
	headers []handshake.Header
	tls     *engine.TLS // nil: ws://
	builtin bool
	load    engine.Load // the part's
	ready   atomic.Bool // the ready file exists

	profiler engine.Profiler // nil: none
}

// New checks everything that can be checked without touching the network, and reads the files of
// certificates. It writes nothing. The error is about the first thing that is wrong.
func New(o Options) (*Job, error) {
	j := &Job{Options: o, builtin: o.URL == "", headers: parseHeaders(o.Headers)}
	for _, step := range []func() error{j.divide, j.placeLoops, j.readTarget, j.readSources, j.readTLS, j.tryConfig} {
		if err := step(); err != nil {
			return nil, j.masked(err)
		}
	}
	return j, nil
}

func (j *Job) placeLoops() error {
	allowed, err := host.AllowedCPUs()
	if err != nil {
		return err
	}
	j.places, err = loopRequest{loops: j.Loops, cpus: j.CPUs}.all(allowed)
	return err
}

func (j *Job) readTarget() error {
	url := j.URL
	if j.builtin {
		url = "ws://127.0.0.1/" // the checks need only an address of the same family
	}
	if err := j.readURL(url); err != nil {
		return err
	}
	if literal, err := netip.ParseAddr(j.target.url.Hostname()); err == nil {
		if err := checkInterface(literal); err != nil {
			return fmt.Errorf("URL %q: %w", Mask(url), err)
		}
	}
	return nil
}

func (j *Job) readURL(url string) (err error) {
	j.target, err = parseTarget(url)
	return err
}

// readSources comes after readTarget: the testee's address must be of the sources' family.
func (j *Job) readSources() error {
	for _, text := range j.Sources {
		a, err := parseSource(text)
		if err != nil {
			return err
		}
		if err := checkInterface(a); err != nil {
			return fmt.Errorf("--source %v: %w", a, err)
		}
		if err := j.target.checkSource(a); err != nil {
			return err
		}
		j.sources = append(j.sources, a)
	}
	if len(j.sources) > 0 {
		j.target.from = j.sources[0]
	}
	return nil
}

// tryConfig checks the engine's configuration, with an address in place of the
// one that a lookup will find.
func (j *Job) tryConfig() error {
	standIn := netip.IPv6Loopback()
	if len(j.sources) > 0 {
		standIn = j.sources[0] // of the testee's family
	}
	cfg, err := j.EngineConfig(netip.AddrPortFrom(standIn, j.target.port))
	if err != nil {
		return err
	}
	return cfg.Validate()
}

// Builtin reports whether the job needs the built-in testee.
func (j *Job) Builtin() bool { return j.builtin }

// TesteeCPUs returns the CPUs that are left to the built-in testee.
func (j *Job) TesteeCPUs() []int { return j.places.builtin.testee }

// UseBuiltin makes the job run against the built-in testee, which listens on addr.
func (j *Job) UseBuiltin(addr netip.AddrPort) (err error) {
	j.URL = "ws://" + addr.String() + "/"
	j.target, err = parseTarget(j.URL)
	return err
}

// Lookup finds the addresses of a host, as net.Resolver.LookupNetIP does.
type Lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)

// Resolve finds the address to connect to, unless the driver has. If the host has several
// addresses, it is the first one that accepts a TCP connection. A single one is not tried:
// the run counts what it answers.
func (j *Job) Resolve(ctx context.Context, find Lookup) (netip.AddrPort, error) {
	if j.Address != "" {
		return netip.ParseAddrPort(j.Address)
	}
	all, err := j.target.addresses(ctx, find)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if len(all) == 1 {
		return all[0], nil
	}
	at, err := probe{from: j.target.from, timeout: microseconds(j.ConnectTimeoutUs)}.first(ctx, all)
	if err != nil {
		return at, fmt.Errorf("no address of host name %q accepts a connection: %w: start the testee, or correct the port", j.target.url.Hostname(), err)
	}
	return at, nil
}

// EngineConfig returns the engine's configuration for a testee at addr.
func (j *Job) EngineConfig(addr netip.AddrPort) (engine.Config, error) {
	request, err := handshake.NewRequest(handshake.RequestConfig{
		Host: handshake.HostHeader(j.target.url), Target: handshake.RequestTarget(j.target.url),
		Origin: j.Origin, Subprotocols: j.Subprotocols, Headers: j.headers,
	})
	if err != nil {
		return engine.Config{}, err
	}
	place := j.places.against(addr.Addr())
	if j.builtin {
		place = j.places.builtin
	}
	return engine.Config{
		Addr: addr, Sources: j.sources, Request: request, Rules: handshake.NewRules(j.Subprotocols),
		Loops: place.loops, CPUs: place.client,
		Load:           j.load,
		TLS:            j.tls,
		CloseCode:      ws.StatusCode(j.CloseCode),
		ConnectTimeout: microseconds(j.ConnectTimeoutUs),
		SecureTimeout:  microseconds(j.SecureTimeoutUs),
		OpenTimeout:    microseconds(j.OpenTimeoutUs),
		CloseTimeout:   microseconds(j.CloseTimeoutUs),
		Log:            j.Log, Samples: j.Samples, Interval: microseconds(j.IntervalUs), Timestamps: j.Timestamps,
		Profiler: j.profiler, Processes: j.Processes,
	}, nil
}

// masked hides credentials in the text of an error.
func (j *Job) masked(err error) error {
	if j.KeepSecrets {
		return err
	}
	var m masker
	m.setup(j.Setup, j.headers)
	return m.error(err)
}

// Describe gives a result the setup that it was measured with: the options, and
// what the engine found out; and its provenance. Credentials are masked unless they are to be kept.
func (j *Job) Describe(r *stats.Result) {
	found := r.Setup
	r.Setup = j.Setup
	r.Setup.Address, r.Setup.Loops, r.Setup.CPUs = found.Address, found.Loops, found.CPUs
	r.Setup.MaxOpen, r.Setup.MaxOpenBy = found.MaxOpen, found.MaxOpenBy
	r.Setup.GoVersion, r.Setup.Kernel = found.GoVersion, found.Kernel
	r.Setup.Version = Version
	var m *masker
	if !j.KeepSecrets {
		m = new(masker)
		j.hideSecrets(m, r)
	}
	r.Provenance = j.provenance(m)
}

func (j *Job) hideSecrets(m *masker, r *stats.Result) {
	r.Setup = m.setup(r.Setup, j.headers)
	for _, replies := range r.Replies {
		for i := range replies {
			replies[i] = m.reply(replies[i])
		}
	}
}
