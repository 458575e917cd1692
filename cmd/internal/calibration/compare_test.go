package calibration

import (
	"strings"
	"testing"
	"time"

	"wsperf/stats"
)

func TestCompare(t *testing.T) {
	open, unpinned, wide := Shape{Loops: 2, CPUs: []int{3, 1}}, Shape{Loops: 2, Low: 50, High: 100}, Shape{Loops: 2, CPUs: []int{1, 3}, Low: 500, High: 1000}
	other := entry(closed, 5000, 3)
	other.Facts.System, other.Facts.CPUs = "Linux 7", 8
	earlier := entry(closed, 9000, 2)
	earlier.Facts.CPUModel = "old"
	for _, c := range []struct {
		name  string
		all   []Entry
		load  Shape
		share float64
		says  string
	}{
		{"none", nil, closed, 0, ""},
		{"of the same shape", []Entry{entry(closed, 4000, 1)}, closed, 0.25, ""},
		{"of other watermarks", []Entry{entry(wide, 4000, 1)}, closed, 0, ""},
		{"of other CPUs", []Entry{entry(unpinned, 4000, 1)}, closed, 0, ""},
		{"an open loop, CPUs in another order", []Entry{entry(closed, 4000, 1), entry(wide, 5000, 1), entry(unpinned, 9000, 1)}, open, 0.2, ""},
		{"of another machine", []Entry{other}, closed, 0, "kernel, number of CPUs"},
		{"of another machine and an earlier one", []Entry{earlier, other}, closed, 0, "kernel, number of CPUs"},
		{"of this machine and a later one", []Entry{entry(closed, 4000, 1), other}, closed, 0.25, ""},
	} {
		got := Compare(c.all, result(c.load))
		if got.Share != c.share || got.Differs != c.says || (c.share > 0) != (got.PerSecond > 0) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

// secured is a run like result over TLS 1.3, with so many handshakes.
func secured(handshakes, resumed uint64, groups map[string]uint64) *stats.Result {
	r := result(closed)
	r.Setup.URL, r.Setup.GoVersion = "wss://a/", "go1.26"
	r.TLS = stats.TLSResult{Versions: map[string]uint64{"TLS 1.3": handshakes}, Groups: groups, Resumed: resumed, Tried: resumed}
	return r
}

func x25519(handshakes, resumed uint64) *stats.Result {
	return secured(handshakes, resumed, map[string]uint64{"X25519": handshakes})
}

// asked is x25519 with a share of handshakes that were to resume.
func asked(percent float64, handshakes, resumed uint64) *stats.Result {
	r := x25519(handshakes, resumed)
	r.Setup.TLS.ResumePercent = percent
	return r
}

// entryOf is an entry with the shape and the facts of a result.
func entryOf(r *stats.Result, perSecond float64) Entry {
	return Entry{Shape: ShapeOf(r), Facts: FactsOf(r), Measured: time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC), PerSecond: perSecond}
}

// TestCompareOverTLS: ws://, full and resumed handshakes have ceilings of their own.
func TestCompareOverTLS(t *testing.T) {
	full, resumed, plain := x25519(1000, 0), x25519(1000, 1000), result(closed)
	all := []Entry{entryOf(plain, 8000), entryOf(full, 2000), entryOf(resumed, 4000)}
	later := x25519(1000, 0)
	later.Setup.GoVersion = "go1.27"
	with := func(change func(*stats.Result)) *stats.Result {
		r := x25519(1000, 0)
		change(r)
		return r
	}
	elsewhere := with(func(r *stats.Result) { r.Setup.Loops = 7 })
	const run = "with these loops, CPUs and watermarks, wsperf calibrate has not measured "
	for _, c := range []struct {
		name  string
		all   []Entry
		of    *stats.Result
		share float64
		tls   string
		says  string
	}{
		{"ws", all, plain, 0.125, "", ""},
		{"full", all, full, 0.5, "TLS 1.3, X25519, full", ""},
		{"resumed", all, resumed, 0.25, "TLS 1.3, X25519, resumed", ""},
		{"a few not resumed", all, x25519(1000, 996), 0.25, "TLS 1.3, X25519, resumed", ""},
		{"half", all, x25519(1000, 500), 0, "TLS 1.3, X25519, 50 % resumed", run + "TLS 1.3, X25519, 50 % resumed: run it with --tls --tls-resume 50%"},
		{"half, measured", append(all, entryOf(x25519(1000, 500), 3000)), x25519(1000, 501), 1. / 3, "TLS 1.3, X25519, 50 % resumed", ""},
		{"half of few, measured with few", append(all, entryOf(asked(50, 92, 47), 3000)), asked(50, 70, 34), 1. / 3, "TLS 1.3, X25519, 50 % resumed", ""},
		{"fewer than asked for", all, asked(50, 100, 44), 0, "TLS 1.3, X25519, 44 % resumed", "--tls-resume 44%"},
		{"none of those asked for", all, asked(3, 100, 0), 0.5, "TLS 1.3, X25519, full", ""},
		{"P-256", all, secured(9, 0, map[string]uint64{"CurveP256": 9}), 0, "TLS 1.3, CurveP256, full", "run it with --tls --tls-groups P-256"},
		{"TLS 1.2, resumed", all, with(func(r *stats.Result) {
			r.TLS.Versions, r.TLS.Groups, r.TLS.Resumed = map[string]uint64{"TLS 1.2": 5}, nil, 5
		}), 0, "TLS 1.2, resumed", "run it with --tls --tls-max 1.2"},
		{"ML-KEM offered", all, with(func(r *stats.Result) { r.Setup.TLS.Groups = []string{"X25519MLKEM768", "X25519"} }), 0, "TLS 1.3, X25519, ML-KEM offered, full", "run it with --tls --tls-groups X25519MLKEM768,X25519"},
		{"a group that the built-in testee lacks", all, secured(9, 0, map[string]uint64{"CurveP384": 9}), 0, "", "does not have the group CurveP384"},
		{"two groups", all, secured(9, 0, map[string]uint64{"CurveP256": 4, "X25519": 5}), 0, "", "several versions or groups of TLS"},
		{"two versions", all, with(func(r *stats.Result) { r.TLS.Versions["TLS 1.2"] = 1 }), 0, "", "several versions or groups of TLS"},
		{"another key share", all, with(func(r *stats.Result) { r.TLS.HelloRetryRequests = 1 }), 0, "", "asked for another key share"},
		{"a client certificate", all, with(func(r *stats.Result) { r.Setup.TLS.Cert = "c.pem" }), 0, "", "client certificate"},
		{"no TLS handshake", all, secured(0, 0, nil), 0, "", "no TLS handshake is complete"},
		{"another version of Go", all, later, 0, "TLS 1.3, X25519, full", "version of Go"},
		{"only ws measured", all[:1], full, 0, "TLS 1.3, X25519, full", run + "TLS 1.3, X25519, full: run it with --tls"},
		{"only wss measured", all[1:], plain, 0, "", "has measured wss:// only: run it without --tls"},
		{"other loops", all, elsewhere, 0, "", ""},
		{"nothing measured", nil, full, 0, "", ""},
	} {
		got := Compare(c.all, c.of)
		if got.Share != c.share || got.TLS != c.tls || (c.share > 0) != (got.PerSecond > 0) || !strings.Contains(got.Missing+got.Differs, c.says) || c.says == "" && got.Missing+got.Differs != "" {
			t.Errorf("%s: %+v", c.name, got)
		}
		if len(got.Missing) > stats.MaxCalibrationBytes {
			t.Errorf("%s: %d characters", c.name, len(got.Missing))
		}
	}
}

// TestAllGroupsFit: the longest advice is within what a result file can have.
func TestAllGroupsFit(t *testing.T) {
	r := x25519(2, 1)
	r.Setup.TLS.Groups = strings.Fields("X25519 P-256 P-384 P-521 X25519MLKEM768 SecP256r1MLKEM768 SecP384r1MLKEM1024")
	if got := Compare([]Entry{entryOf(result(closed), 1)}, r).Missing; len(got) > stats.MaxCalibrationBytes || !strings.HasSuffix(got, ",SecP384r1MLKEM1024 --tls-resume 50%") {
		t.Errorf("%d characters: %s", len(got), got)
	}
}
