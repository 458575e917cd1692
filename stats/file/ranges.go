package file

import (
	"fmt"
	"math"
	"net/netip"

	"wsperf/stats"
)

// checkRanges refuses numbers out of range. It does not check the histograms.
func (d *document) checkRanges() error {
	if err := d.checkWindow(); err != nil {
		return err
	}
	if us := (d.endedNs - d.startedNs) / 1000; d.durationUs != us {
		return fmt.Errorf("key \"total_duration\": %d us, but from \"started\" to \"ended\" it is %d us", d.durationUs, us)
	}
	if err := d.checkSetup(); err != nil {
		return err
	}
	return firstError(
		d.checkCounts(),
		within(maxCount, "loops", d.loops),
		within(maxCount, "client", d.client),
		within(maxCount, loadKey, d.load),
		within(maxCount, provenanceKey+".cpus_online", d.provenance.CPUs),
		within(math.MaxInt64, loadedKey, d.loaded),
		d.checkTesteeCost(),
		within(maxCount, kernelKey, d.kernel),
		within(maxCount, machineKey, d.machines),
		within(maxCount, tlsKey, d.tls),
	)
}

// checkTesteeCost leaves the counters to stats.Result.Check: they can be larger.
func (d *document) checkTesteeCost() error {
	cost := d.testeeCost
	cost.Counters = stats.Counters{}
	return within(maxCount, testeeCostKey, cost)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *document) checkWindow() error {
	if d.startedNs < 0 || d.endedNs < d.startedNs {
		return fmt.Errorf("keys \"started\" and \"ended\": %d to %d is not a span of time", d.startedNs, d.endedNs)
	}
	return nil
}

func (d *document) checkSetup() error {
	return firstError(
		within(maxSetting, "config", d.setup),
		within(stats.MaxSamples, "config.samples", d.setup.Samples),
		within(100, "config.tls.resume_percent", d.setup.TLS.ResumePercent),
		checkStages(d.setup.Stages),
		checkSources(d.setup.Sources),
	)
}

func (d *document) checkCounts() error {
	return firstError(
		within(maxCount, "", d.counts),
		within(maxCount, "causes", d.causes),
		within(maxCount, "status_codes", d.status),
		within(maxCount, errnosKey, d.errnos),
		within(maxCount, "phases", d.phases),
		d.checkApart(),
	)
}

func (d *document) checkApart() error {
	for p, shape := range d.apart {
		if err := within(maxCount, stats.Phase(p).String(), shape); err != nil {
			return err
		}
	}
	return nil
}

func checkStages(stages []stats.Stage) error {
	if n := len(stages); n > stats.MaxStages {
		return fmt.Errorf("key \"config.stages\": %d elements, at most %d are allowed", n, stats.MaxStages)
	}
	return nil
}

// checkSources refuses a list that has anything but addresses.
func checkSources(texts []string) error {
	if n := len(texts); n > stats.MaxSources {
		return fmt.Errorf("key \"config.sources\": %d elements, at most %d are allowed", n, stats.MaxSources)
	}
	for _, text := range texts {
		if _, err := netip.ParseAddr(text); err != nil {
			return fmt.Errorf("key \"config.sources\": %q is not an IP address", clip(text))
		}
	}
	return nil
}
