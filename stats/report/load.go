package report

import (
	"fmt"
	"net/netip"
	"strings"

	"wsperf/stats"
)

// notKept says before any latency that the client did not offer the load that it was asked
// for, and why as far as that is known.
func notKept(r *stats.Result) (s Section) {
	if text := NotKept(r); text != "" {
		s.Parts = append(s.Parts, Sentence(text))
	}
	return s
}

// NotKept says how far the client was from the load that it was asked to offer, in a sentence
// or two with a line each. The text is empty if the load was kept.
func NotKept(r *stats.Result) string {
	if r.Kept() {
		return ""
	}
	made := r.Load.Due - r.Load.Owed
	text := fmt.Sprintf("The offered rate was not kept: %d of %d starts that were due were made (%s %%), 1 %% of them %s late or more.",
		made, r.Load.Due, percentDown(made, r.Load.Due), duration(r.LateUs(99)))
	if r.Client.SlotWaits > 0 {
		text += fmt.Sprintf("\nOnly %d connections could be open at once, by %s.", r.Setup.MaxOpen, openLimit(r))
	}
	return text
}

// percentDown rounds down: 100.0 would hide that something is missing.
func percentDown(n, of uint64) string {
	perMille := n
	if of > 0 {
		perMille = n * 1000 / of
	}
	return fmt.Sprintf("%d.%d", perMille/10, perMille%10)
}

// load shows what was connected to, what was asked for and what became of it, and the rate
// without the drain, in which nothing was started.
func load(r *stats.Result) (s Section) {
	var d Details
	if at, err := netip.ParseAddrPort(r.Setup.Address); err == nil { // not the same one in all of a merged result
		d = append(d, Detail{"Address", printable(at)})
	}
	if r.Load.Mode == stats.ModeOpen {
		d = append(d, offered(r)...)
	}
	if n := r.Load.LeftOut; n != (stats.LeftOut{}) {
		d = append(d, Detail{"Warm-up", fmt.Sprintf("%d connections, of which %d failed, were made before and are left out", n.Started, n.Fail)})
	}
	if r.Success > 0 && r.Loaded != (stats.LoadedResult{}) {
		d = append(d, loadedAndDrain(r)...)
	}
	if len(d) > 0 {
		s = Section{Title: "Load", Parts: []Part{d}}
	}
	return s
}

// offered shows the load of an open loop, and how exactly the client offered it.
func offered(r *stats.Result) (d Details) {
	how := []string{fmt.Sprintf("%.6g starts/s", r.Load.Offered)}
	if r.Setup.Arrivals != "" {
		how = append(how, string(r.Setup.Arrivals))
	}
	if n := len(r.Setup.Stages); n > 0 {
		how = append(how, fmt.Sprintf("in %d stages", n))
	}
	d = append(d, Detail{"Offered", fmt.Sprintf("%s: %d were due, %d were not made", strings.Join(how, ", "), r.Load.Due, r.Load.Owed)})
	if late := r.Late(); late.TotalCount() > 0 {
		d = append(d, Detail{"Late", fmt.Sprintf("by %s at the median, %s at q99, %s at most: the client's own delay of the starts",
			duration(late.ValueAtPercentile(50)), duration(late.ValueAtPercentile(99)), duration(late.Max()))})
	}
	return d
}

func duration(us int64) string {
	if us < millisecondsFromUs {
		return formatUs(us) + " us"
	}
	return fmt.Sprintf("%.1f ms", float64(us)/1000)
}

func loadedAndDrain(r *stats.Result) Details {
	rate := "no rate, because fewer than half of the successes are known to have ended by then"
	if perSecond, ok := r.LoadedHandshakesPerSecond(); ok {
		rate = fmt.Sprintf("%.0f handshakes/s", perSecond)
	}
	return Details{
		{"Loaded", fmt.Sprintf("%.1f s from the first start to the last: %s", r.Loaded.Duration().Seconds(), rate)},
		{"Drain", fmt.Sprintf("%.1f s from the last start to the last end", r.Drain().Seconds())},
	}
}
