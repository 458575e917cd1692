package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"wsperf/engine/host"
	"wsperf/stats"
)

// MaxLoops bounds the number of loops of a process: as many CPUs as a CPU mask can name.
const MaxLoops = host.MaxCPUs

// Descriptors besides those of connections and hardware counters.
const (
	ownDescriptors  = 1 // of the run: stampSwitch
	loopDescriptors = 2 // of each loop: poller and schedstat
)

// Run is a prepared run: everything is allocated, nothing is started.
type Run struct {
	cfg      Config
	beside   bool // the testee is on this machine
	limit    openLimit
	window   *window
	stamps   stampSwitch
	loops    []*loop
	counters []counters
	hardware *host.CounterSet // that each loop's thread counts
	testee   *testeeCost
	stop     atomic.Bool
	taken    bool
}

// Prepare checks the configuration, raises the descriptor limit, and allocates
// everything that the run needs. Warnings are sentences for the user: what
// will not be as asked, and the remedy. A run that is prepared and not done
// keeps descriptors and its memory: Close gives them back.
func Prepare(cfg Config) (run *Run, warnings []Warning, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, nil, err
	}
	available, err := host.RaiseFDLimit()
	if err != nil {
		return nil, nil, err
	}
	warnings = fit(&cfg)
	r := &Run{
		cfg: cfg, window: newWindow(&cfg.Load), counters: make([]counters, cfg.Loops), stamps: newStampSwitch(cfg.Timestamps),
		hardware: host.FindCounters(host.HardwareEvents()), testee: watchTestee(&cfg, available),
	}
	defer func() {
		if err != nil {
			r.Close()
		}
	}()
	r.testee.count(r.hardware, available)
	descriptors, err := r.descriptorsFor(available)
	if err != nil {
		return nil, nil, err
	}
	f := readFacts(&cfg, descriptors)
	if err := checkAddressSpace(&cfg, &f); err != nil {
		return nil, nil, err
	}
	warnings = append(warnings, preflight(&cfg, f)...)
	r.beside, r.limit = f.here, maxOpen(&cfg, &f)
	r.limit.connections = max(r.limit.connections, int64(cfg.Loops))
	if err := r.makeLoops(); err != nil {
		return nil, nil, err
	}
	return r, warnings, nil
}

// descriptorsFor returns how many of the available descriptors are left for connections.
func (r *Run) descriptorsFor(available int) (left int, err error) {
	left = available - ownDescriptors - r.testee.descriptors() - r.cfg.Loops*(loopDescriptors+r.hardware.Descriptors())
	if left < r.cfg.Loops {
		err = fmt.Errorf("descriptor limit leaves %d for connections, %d loops need one each: raise it (ulimit -n)", max(0, left), r.cfg.Loops)
	}
	return left, err
}

// fit reduces the number of loops to what the load can be divided over: each
// needs a connection to make and a low watermark of 1.
func fit(cfg *Config) (warnings []Warning) {
	if !cfg.open() && cfg.Loops > cfg.Low {
		text := fmt.Sprintf("low watermark %d cannot be divided over %d loops: running %d; raise it to use them all", cfg.Low, cfg.Loops, cfg.Low)
		warnings = append(warnings, Warning{WarnLowWatermark, text})
		cfg.Loops = cfg.Low
	}
	if cfg.Connections > 0 && int64(cfg.Loops) > cfg.Connections {
		cfg.Loops = int(cfg.Connections) // no word: the others would have nothing to do
	}
	return warnings
}

func (r *Run) makeLoops() error {
	addr, err := newEndpoint(r.cfg.Addr)
	if err != nil {
		return fmt.Errorf("testee address %v: %w", r.cfg.Addr, err)
	}
	from, err := endpoints(r.cfg.Sources)
	if err != nil {
		return err
	}
	local := slices.Collect(host.LocalPorts().All())
	keep := enoughToKeep(local, r.cfg.Addr.Addr())
	for i := range r.cfg.Loops {
		part := r.part(i)
		part.testee = testee{
			addr: addr, request: r.cfg.Request.Clone(), rules: r.cfg.Rules,
			sources: newSources(from, part.slots, newPorts(local, r.cfg.Loops, i).startAnywhere()),
		}
		if !keep {
			part.testee.keep.bar()
		}
		l, err := newLoop(&r.cfg, part)
		if err != nil {
			return err
		}
		l.stop, l.counters = &r.stop, &r.counters[i]
		r.loops = append(r.loops, l)
	}
	return nil
}

// part is the i-th loop's share: the shares add up to the run's totals.
func (r *Run) part(i int) loopPart {
	n := r.cfg.Loops
	p := loopPart{number: i, cpu: -1, beside: r.beside, window: r.window, load: r.cfg.Load.Part(n, i), slots: share(int(r.limit.connections), n, i)}
	if len(r.cfg.CPUs) > 0 {
		p.cpu = r.cfg.CPUs[i%len(r.cfg.CPUs)]
	}
	p.slots = int(min(int64(p.slots), p.load.most()))
	return p
}

// Close gives back the descriptors and memory of a run. It must not be called
// while Do is under way.
func (r *Run) Close() {
	for _, l := range r.loops {
		l.close()
	}
	r.loops = nil
	r.testee.close()
	r.stamps.close()
	r.stamps = noStamps
}

// Do runs to the end and returns the merged result. When ctx is cancelled, no
// connection is started any more, open ones get their closing handshake within
// one close timeout, and the result is marked as interrupted. It fails when a
// loop cannot be pinned to its CPU, the gate does not open or the profiler cannot be enabled, and can be
// called once.
func (r *Run) Do(ctx context.Context) (*stats.Result, error) {
	if r.taken {
		return nil, errors.New("a run can be done only once")
	}
	r.taken = true
	r.fetchTickets(ctx)
	defer r.prepareRuntime()()

	threads := r.startThreads()
	if err := threads.ready(); err != nil {
		return nil, err
	}
	observers := r.observers()
	if res, err := r.awaitGate(ctx, threads); err != nil {
		return res, err
	}
	defer context.AfterFunc(ctx, func() { r.stop.Store(true) })()
	collector := r.startCollector()
	w := r.watch(ctx, threads, observers)
	intervals, lost := collector.finish(w.ended.Sub(r.window.from(w.started, w.ended)))
	if w.failed != nil {
		return nil, w.failed
	}
	res, err := r.result(w.started, w.ended, observers)
	if err != nil {
		return nil, err
	}
	res.Intervals = intervals
	return res, errors.Join(w.lost, lost, res.Check())
}

// threads is the loops' threads, each with a goroutine of its own. They wait to begin
// together.
type threads struct {
	pinned   chan error
	baseline chan time.Time
	running  atomic.Int64
	ended    chan struct{} // closed by the last one
}

func (r *Run) startThreads() *threads {
	t := &threads{pinned: make(chan error, len(r.loops)), baseline: make(chan time.Time), ended: make(chan struct{})}
	t.running.Store(int64(len(r.loops)))
	for _, l := range r.loops {
		l.hardwareSet = r.hardware
		go host.OwnThread(func() { t.run(l) })
	}
	return t
}

// ready waits until each loop is on its CPU. If one cannot be, all goroutines end and
// nothing is started.
func (t *threads) ready() error {
	var errs []error
	for range cap(t.pinned) {
		if err := <-t.pinned; err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	t.cancel()
	return errs[0]
}

// cancel ends the goroutines in place of begin.
func (t *threads) cancel() {
	close(t.baseline)
	<-t.ended
}

// begin lets all loops begin, with one baseline for their stamps.
func (t *threads) begin(baseline time.Time) {
	for range cap(t.pinned) {
		t.baseline <- baseline
	}
}

// run is the life of a loop's thread.
func (t *threads) run(l *loop) {
	t.pinned <- l.settle()
	baseline, ok := <-t.baseline
	if ok {
		l.baseline = baseline
		l.run()
	}
	if t.running.Add(-1) == 0 {
		close(t.ended)
	}
}

func (r *Run) result(started, ended time.Time, seen observers) (*stats.Result, error) {
	recorders := make([]*stats.Recorder, len(r.loops))
	for i, l := range r.loops {
		recorders[i] = l.rec
	}
	res, err := stats.Merge(recorders...)
	if err != nil {
		return nil, err
	}
	res.Setup = r.setup()
	seen.fill(res)
	res.Started, res.Ended = r.window.from(started, ended), ended
	res.Load, res.Loaded = r.load(), loadedWindow(r.loops, started)
	for _, l := range r.loops {
		res.Loops = append(res.Loops, l.result())
		l.addTo(&res.Client)
		res.Interrupted = res.Interrupted || l.stopping
	}
	return res, nil
}

// load is what was asked of the loops, and what they owe. The loops have ended.
func (r *Run) load() stats.LoadResult {
	all := stats.LoadResult{Mode: stats.ModeClosed}
	if r.cfg.open() {
		all.Mode, all.Offered = stats.ModeOpen, r.cfg.offered()
	}
	for _, l := range r.loops {
		started, fail := l.leftOut()
		all.LeftOut.Started += started
		all.LeftOut.Fail += fail
		l.addDue(&all)
	}
	return all
}

// addDue adds the starts of the loop that were due, if they were by the clock.
func (l *loop) addDue(all *stats.LoadResult) {
	if l.pacer.schedule == nil {
		return
	}
	started, _, _ := l.rec.Counts()
	owed := l.pacer.owed()
	all.Due += started + owed
	all.Owed += owed
}

// setup is what only the run knows of its setup, and what its result is checked by.
func (r *Run) setup() stats.Setup {
	return stats.Setup{
		Address: r.cfg.Addr.String(), Samples: r.cfg.Samples,
		Loops: r.cfg.Loops, CPUs: r.pinnedTo(), MaxOpen: int(r.limit.connections), MaxOpenBy: r.limit.by,
		GoVersion: runtime.Version(), Kernel: host.KernelRelease(),
	}
}

// pinnedTo is the CPU of each loop, empty when loops are not pinned.
func (r *Run) pinnedTo() []int {
	cpus := []int{}
	for i := range r.loops {
		if cpu := r.part(i).cpu; cpu >= 0 {
			cpus = append(cpus, cpu)
		}
	}
	return cpus
}
