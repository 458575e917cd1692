package page

import (
	"slices"
	"strings"
	"testing"

	"wsperf/stats"
	"wsperf/stats/comparison"
	"wsperf/stats/internal/example"
)

// sectionIDs returns those of a page.
func sectionIDs(p *Page) (all []string) {
	for _, s := range p.sections() {
		all = append(all, s.ID)
	}
	return all
}

// plotted series by the title of their plot.
func drawn(p *Page) map[string][]string {
	all := map[string][]string{}
	for _, s := range p.sections() {
		for _, part := range s.Parts {
			for _, f := range part.Plots {
				for _, of := range f.Series {
					all[f.Title] = append(all[f.Title], of.Name)
				}
			}
		}
	}
	return all
}

// TestTLSOnAPage: the phases and the section of TLS are on the page of a run that used it, and only there.
func TestTLSOnAPage(t *testing.T) {
	p, plain := Single(example.Secure()), Single(example.Full())
	all := drawn(p)
	if got, want := all["Percentiles of phases"], []string{"ready", "connect", "open", "close", "fin", "total", "secure", "secure_resumed"}; !slices.Equal(got, want) {
		t.Errorf("percentiles of %v, want %v", got, want)
	}
	if got, want := all["Phases at q50 and q99"], []string{"connect", "secure", "open", "close", "fin"}; !slices.Equal(got, want) {
		t.Errorf("bars of %v, want %v", got, want)
	}
	text := written(t, p)
	for _, want := range []string{`id="tls"`, "TLS_AES_128_GCM_SHA256: 160", "<td>secure_resumed</td>", "Phase secure has full and resumed handshakes together.",
		"of full handshakes", "1.2 to 1.3, groups X25519 P-256, 50 % resumed, not verified, with a certificate"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if strings.Contains(text, "<h3>TLS</h3>") {
		t.Error("the section is named twice")
	}
	if text := written(t, plain); strings.Contains(text, "secure") || slices.Contains(sectionIDs(plain), "tls") || slices.Contains(plain.keys(), "secure") {
		t.Error("the page of a ws:// run speaks of TLS")
	}
}

// TestStackedTLS: the bar of TLS has full and resumed handshakes, without a change of the result.
func TestStackedTLS(t *testing.T) {
	r := example.Secure()
	h := stackedTimes(r, stats.PhaseSecure)
	if n := h.TotalCount(); n != 158 {
		t.Errorf("%d values, want 158", n)
	}
	if n := r.Phases[stats.PhaseSecure].Success.TotalCount(); n != 108 {
		t.Errorf("the result has %d full handshakes, want 108", n)
	}
	if got := stackedTimes(r, stats.PhaseOpen); got != r.Phases[stats.PhaseOpen].Success {
		t.Error("another phase is not that of the result")
	}
}

// TestTLSComparedWithPlain: testees with and without TLS are on one page, each with what it has.
func TestTLSComparedWithPlain(t *testing.T) {
	p := &Page{Study: &comparison.Study{Rounds: 1, Level: 0.95, Testees: []string{"a", "b"}, Loads: []comparison.Load{{Name: "l", Measure: "secure.q50"}}},
		Subjects: []Subject{{0, 0, example.Secure(), 1}, {0, 1, example.Plain(), 1}}}
	all := drawn(p)
	if got := all["Percentiles of secure"]; !slices.Equal(got, []string{"a"}) {
		t.Errorf("phase secure is drawn of %v", got)
	}
	if got := all["Percentiles of open"]; !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("phase open is drawn of %v", got)
	}
	if !strings.HasSuffix(written(t, p), "</html>\n") || !slices.Contains(sectionIDs(p), "tls") {
		t.Errorf("sections %v", sectionIDs(p))
	}
}
