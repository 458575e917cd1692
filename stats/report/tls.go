package report

import (
	"fmt"

	"wsperf/stats"
)

// tlsTextWidth is the width of a detail's text in a section of 100 columns.
const tlsTextWidth = 88

// secure shows what the TLS handshakes negotiated, and what the Go runtime did because of them.
func secure(r *stats.Result) (s Section) {
	if !r.UsesTLS() {
		return s
	}
	d := handshakes(&r.TLS)
	for _, of := range []struct {
		name   string
		counts map[string]uint64
	}{{"Versions", r.TLS.Versions}, {"Groups", r.TLS.Groups}, {"Suites", r.TLS.Suites}} {
		d = append(d, nameDetails(of.name, of.counts)...)
	}
	if n := r.TLS.HelloRetryRequests; n > 0 {
		d = append(d, Detail{"Retries", fmt.Sprintf("%d HelloRetryRequests: the testee wanted another group, at the cost of a round trip", n)})
	}
	d = append(d, nameDetails("Alerts", r.TLS.Alerts)...)
	return Section{Title: "TLS", Parts: []Part{append(d, collections(r)...)}}
}

func handshakes(t *stats.TLSResult) Details {
	n := t.Handshakes()
	d := Details{{"Complete", fmt.Sprintf("%d TLS handshakes, %d full", n, n-min(n, t.Resumed))}}
	if t.Tried == 0 {
		d[0].Text += ": none tried to resume"
		return d
	}
	return append(d, Detail{"Resumed", fmt.Sprintf("%d of %d that tried (%s %%)", t.Resumed, t.Tried, percentDown(t.Resumed, t.Tried))})
}

// collections says what garbage collection took. A ws:// run has none.
func collections(r *stats.Result) Details {
	c := &r.Client
	if !clientKnown(r) {
		return nil
	}
	text := fmt.Sprintf("%d collections paused wsperf for %s and took %.1f %% of its CPU time",
		c.Collections, duration(c.CollectionPauseUs), ratio(100*float64(c.CollectionCPUUs), float64(c.UserUs+c.SystemUs)))
	return Details{{"Heap", text}, {"", "crypto/tls allocates memory for each handshake; a ws:// connection does not"}}
}

// nameDetails lists names with their counts, in two lines at most.
func nameDetails(name string, counts map[string]uint64) (d Details) {
	for _, line := range nameLines(counts, tlsTextWidth, 2) {
		d = append(d, Detail{name, line})
		name = "" // the next line belongs to the same
	}
	return d
}

// maxNameShown bounds a name. The longest suite that crypto/tls knows has 45 characters.
const (
	maxNameShown = 45
	countRoom    = 27 // of a line, for a count and how many more there are
)

// nameLines lists the most frequent names first, in so many lines of so many columns at most.
func nameLines(counts map[string]uint64, width, most int) (lines []string) {
	const rest = len(", 99 more")
	names := byFrequency(counts)
	for i, name := range names {
		text := fmt.Sprintf("%s: %d", clipped(printableASCII(name), min(maxNameShown, width-countRoom)), counts[name])
		last, room := len(lines)-1, width-rest
		if i == len(names)-1 {
			room = width
		}
		switch {
		case last >= 0 && len(lines[last])+len(", ")+len(text) <= room:
			lines[last] += ", " + text
		case len(lines) < most:
			lines = append(lines, text)
		default:
			lines[last] += fmt.Sprintf(", %d more", len(names)-i)
			return continued(lines)
		}
	}
	return continued(lines)
}

// continued puts a comma at the end of all lines but the last.
func continued(lines []string) []string {
	for i := range max(0, len(lines)-1) {
		lines[i] += ","
	}
	return lines
}

func clipped(name string, most int) string {
	if len(name) > most {
		return name[:most-3] + "..."
	}
	return name
}
