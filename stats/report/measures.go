package report

import (
	"wsperf/stats"
	"wsperf/stats/require"
)

// measuresOf returns the figures of the whole run that a program may compare: those that
// requirements can name, without the phases, and some that nobody would require.
func measuresOf(r *stats.Result) []require.Value {
	all := append(require.Values(r), require.Value{Name: "duration", Value: max(0, r.Duration()).Seconds(), Unit: "s"})
	if r.Load.Mode == stats.ModeOpen {
		all = append(all,
			require.Value{Name: "offered", Value: r.Load.Offered, Unit: stats.UnitPerSecond},
			require.Value{Name: "due", Value: float64(r.Load.Due)},
			require.Value{Name: "owed", Value: float64(r.Load.Owed)})
	}
	if r.UsesTLS() {
		all = append(all,
			require.Value{Name: "tls.handshakes", Value: float64(r.TLS.Handshakes())},
			require.Value{Name: "tls.tried", Value: float64(r.TLS.Tried)},
			require.Value{Name: "tls.resumed", Value: float64(r.TLS.Resumed)},
			require.Value{Name: "tls.hello_retry_requests", Value: float64(r.TLS.HelloRetryRequests)})
	}
	if clientKnown(r) {
		all = append(all,
			require.Value{Name: "switches", Value: float64(r.Client.VoluntarySwitches + r.Client.InvoluntarySwitches)},
			require.Value{Name: "memory.peak", Value: float64(r.Client.PeakMemoryBytes), Unit: "B"})
	}
	return all
}

// clientKnown reports whether the result tells what the run cost the client. The ancestor's
// files do not.
func clientKnown(r *stats.Result) bool { return r.Total > r.Unmeasured.Total() }
