package report

import (
	"strings"
	"testing"
	"time"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

func TestCeiling(t *testing.T) {
	day := time.Date(2026, 11, 26, 23, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		calibration stats.Calibration
		testee      string
		want        string
	}{
		{stats.Calibration{PerSecond: 23100, Share: 0.67, Measured: day}, "", "Ceiling   67 % of the 23100 handshakes/s that this machine can do with the built-in testee (wsperf calibrate, 2026-11-26)\n"},
		{stats.Calibration{PerSecond: 100, Share: 0.86, Measured: day}, "", "2026-11-26): wsperf itself may be the bottleneck\n"},
		{stats.Calibration{PerSecond: 100, Share: 0.99, Measured: day}, stats.TesteeBuiltin, "2026-11-26)\n"},
		{stats.Calibration{Measured: day, Differs: "kernel"}, "", "Ceiling   not known: changed since wsperf calibrate ran on 2026-11-26: kernel: run it again\n"},
		{stats.Calibration{Problem: "\x1bdamaged"}, "", `Ceiling   not known: \x1bdamaged` + "\n"},
		{stats.Calibration{PerSecond: 2310, Share: 0.9, Measured: day, TLS: "TLS 1.3, X25519, full"}, "",
			"Ceiling   90 % of the 2310 handshakes/s that this machine can do with the built-in testee over TLS 1.3, X25519, full (wsperf calibrate --tls, 2026-11-26): wsperf itself may be the bottleneck\n"},
		{stats.Calibration{Measured: day, Differs: "version of Go", TLS: "TLS 1.3, resumed"}, "",
			"Ceiling   not known over TLS 1.3, resumed: changed since wsperf calibrate --tls ran on 2026-11-26: version of Go: run it again\n"},
		{stats.Calibration{TLS: "TLS 1.3, resumed", Missing: "\x1brun it with --tls"}, "", `Ceiling   not known: \x1brun it with --tls` + "\n"},
		{stats.Calibration{}, "", ""},
	} {
		r := example.Plain()
		r.Calibration, r.Provenance.Testee = c.calibration, c.testee
		if got := text(t, r); !strings.Contains(got, c.want) || c.want == "" && strings.Contains(got, "Ceiling") {
			t.Errorf("%+v: want %q in\n%s", c.calibration, c.want, got)
		}
	}
}
