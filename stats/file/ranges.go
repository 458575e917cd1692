package file

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"wsperf/stats"
)

// number is a number of a result file under its key.
type number struct {
	key   string
	value int64
}

// checkRanges refuses numbers that cannot be what they say. It does not look at
// the histograms.
func (d *document) checkRanges() error {
	if err := d.checkWindow(); err != nil {
		return err
	}
	if us := (d.endedNs - d.startedNs) / 1000; d.durationUs != us {
		return fmt.Errorf("key \"total_duration\": %d us, but from \"started\" to \"ended\" it is %d us", d.durationUs, us)
	}
	if err := within(maxSetting, setupNumbers(&d.setup)...); err != nil {
		return err
	}
	if err := within(stats.MaxSamples, number{"config.samples", int64(d.setup.Samples)}); err != nil {
		return err
	}
	if err := checkSources(d.setup.Sources); err != nil {
		return err
	}
	if err := d.checkCounts(); err != nil {
		return err
	}
	if n := len(d.loops); n > maxLoops {
		return fmt.Errorf("key \"loops\": %d of them, at most %d are allowed", n, maxLoops)
	}
	for i := range d.loops {
		if err := checkLoop(i, &d.loops[i]); err != nil {
			return err
		}
	}
	return within(maxCount, clientNumbers(&d.client)...)
}

func (d *document) checkWindow() error {
	if d.startedNs < 0 || d.endedNs < d.startedNs {
		return fmt.Errorf("keys \"started\" and \"ended\": %d to %d is no span of time", d.startedNs, d.endedNs)
	}
	return nil
}

// within refuses values outside of 0..limit. Callers convert from uint64: what
// does not fit int64 is negative then.
func within(limit int64, numbers ...number) error {
	for _, n := range numbers {
		if n.value < 0 || n.value > limit {
			return fmt.Errorf("key %q: %d is out of range, must be 0 to %d", n.key, n.value, limit)
		}
	}
	return nil
}

func setupNumbers(s *stats.Setup) []number {
	numbers := []number{
		{"config.loops", int64(s.Loops)},
		{"config.connections", s.Connections},
		{"config.duration_us", s.DurationUs},
		{"config.low", int64(s.Low)},
		{"config.high", int64(s.High)},
		{"config.max_open", int64(s.MaxOpen)},
		{"config.close_code", int64(s.CloseCode)},
		{"config.connect_timeout_us", s.ConnectTimeoutUs},
		{"config.open_timeout_us", s.OpenTimeoutUs},
		{"config.close_timeout_us", s.CloseTimeoutUs},
	}
	for _, cpu := range s.CPUs {
		numbers = append(numbers, number{"config.cpus", int64(cpu)})
	}
	return numbers
}

func (d *document) checkCounts() error {
	numbers := []number{
		{"total", int64(d.total)},
		{"success", int64(d.success)},
		{"fail", int64(d.fail)},
		{"handshake_throttle_count", int64(d.throttled)},
		{"handshake_resume_count", int64(d.resumed)},
		{"fin.received", int64(d.fin.Received)},
		{"fin.reset", int64(d.fin.Reset)},
		{"fin.timeout", int64(d.fin.Timeout)},
		{"unmeasured.success", int64(d.unmeasured.Success)},
		{"unmeasured.fail", int64(d.unmeasured.Fail)},
	}
	for _, key := range slices.Sorted(maps.Keys(d.causes)) {
		numbers = append(numbers, number{"causes." + clip(key), int64(d.causes[key])})
	}
	for _, key := range slices.Sorted(maps.Keys(d.status)) {
		numbers = append(numbers, number{"status_codes." + clip(key), int64(d.status[key])})
	}
	for _, key := range slices.Sorted(maps.Keys(d.phases)) {
		phase := d.phases[key]
		numbers = append(numbers,
			number{"phases." + clip(key) + ".overruns", int64(phase.Overruns)},
			number{"phases." + clip(key) + ".underruns", int64(phase.Underruns)})
	}
	return within(maxCount, numbers...)
}

func checkLoop(i int, l *stats.LoopResult) error {
	key := fmt.Sprintf("loops[%d].", i)
	if l.CPU < -1 {
		return fmt.Errorf("key %q: %d is no CPU, must be -1 or more", key+"cpu", l.CPU)
	}
	return within(maxCount,
		number{key + "started", int64(l.Started)},
		number{key + "success", int64(l.Success)},
		number{key + "fail", int64(l.Fail)},
		number{key + "cpu_us", l.CPUUs})
}

func clientNumbers(c *stats.ClientCost) []number {
	return []number{
		{"client.cpu_user_us", c.UserUs},
		{"client.cpu_system_us", c.SystemUs},
		{"client.context_switches_voluntary", c.VoluntarySwitches},
		{"client.context_switches_involuntary", c.InvoluntarySwitches},
		{"client.peak_memory_bytes", c.PeakMemoryBytes},
		{"client.allocations", int64(c.Allocations)},
		{"client.collections", int64(c.Collections)},
		{"client.slot_waits", int64(c.SlotWaits)},
		{"client.shortage_waits", int64(c.ShortageWaits)},
	}
}

// checkSources refuses what is no list of addresses.
func checkSources(texts []string) error {
	if n := len(texts); n > stats.MaxSources {
		return fmt.Errorf("key \"config.sources\": %d of them, at most %d are allowed", n, stats.MaxSources)
	}
	for _, text := range texts {
		if _, err := netip.ParseAddr(text); err != nil {
			return fmt.Errorf("key \"config.sources\": %q is not an IP address", clip(text))
		}
	}
	return nil
}
