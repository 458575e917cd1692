package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"syscall"

	"wsperf/stats"
)

// maxCodesShown bounds the list of status codes in a line of the report.
const maxCodesShown = 8

// WriteFailures writes the part of the report about causes of failure, with an empty line before
// it, and nothing if no connection failed. The error is the first one of w.
func WriteFailures(w io.Writer, r *stats.Result) error {
	s := causes(r)
	if len(s.Parts) == 0 {
		return nil
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return err
	}
	return writeText(w, []Section{s})
}

// causes lists the causes that were charged, in the order of the enum, with what helps
// to understand each.
func causes(r *stats.Result) (s Section) {
	if r.Fail == 0 {
		return s
	}
	var all Failures
	for c, count := range r.Causes {
		if count > 0 {
			all = append(all, failureOf(r, stats.Cause(c)))
		}
	}
	if n := r.Unmeasured.Fail; n > 0 {
		all = append(all, Failure{Name: "(not recorded)", Count: n})
	}
	return Section{Title: "Causes of failure", Parts: []Part{all}}
}

func failureOf(r *stats.Result, c stats.Cause) Failure {
	f := Failure{Name: c.String(), Count: r.Causes[c], Remedy: cmp.Or(hintFor(r, c), remedy(c)), Replies: samples(r.Replies[c])}
	if c == stats.CauseOpenStatus && len(r.StatusCodes) > 0 {
		f.Codes = statusList(r.StatusCodes)
	}
	if c == stats.CauseSecureAlert {
		f.Codes = strings.Join(nameLines(r.TLS.Alerts, alertsWidth, 1), "")
	}
	if counts := r.Errnos[c]; len(counts) > 0 {
		f.Codes, f.Remedy = errnoList(counts, r.Causes[c]), errnoMeanings(counts)
	}
	return f
}

// alertsWidth is what the count of a cause leaves of a line.
const alertsWidth = sampleWidth - len("  secure_alert           1234567890 ()")

// remedy says what to do about a cause on the client's side, or about a certificate, "" if nothing
// is known.
func remedy(c stats.Cause) string {
	if c.OfTLS() {
		return tlsRemedy(c)
	}
	switch c {
	case stats.CausePortsExhausted:
		return "the client's limit: widen net.ipv4.ip_local_port_range, or give more --source addresses"
	case stats.CauseFDLimit:
		return "the client's limit: raise the descriptor limit (ulimit -Hn)"
	case stats.CauseMemory:
		return "the client's limit: no memory for sockets; run with a lower high watermark"
	case stats.CauseSource:
		return "the client's: a --source address went away during the run"
	}
	return ""
}

func tlsRemedy(c stats.Cause) string {
	switch c {
	case stats.CauseSecureProtocol:
		return "the testee sent what TLS forbids: does it speak TLS at this port?"
	case stats.CauseSecureUnknownCA:
		return "the certificate is of an authority that is not trusted: give --cacert, or --insecure"
	case stats.CauseSecureExpired:
		return "the certificate has expired or is not yet valid by the client's clock: renew it, or --insecure"
	case stats.CauseSecureBadName:
		return "the certificate is for another name: give that name with --sni, or --insecure"
	case stats.CauseSecureBadCertificate:
		return "the certificate was refused for another reason: --insecure does not verify it"
	case stats.CauseSecureVersion:
		return "no common version of TLS: see --tls-min and --tls-max"
	}
	return ""
}

// errnoList names the most frequent errnos first. Failures of older files have none.
func errnoList(counts map[int]uint64, failures uint64) string {
	var parts []string
	for _, errno := range byFrequency(counts) {
		parts = append(parts, fmt.Sprintf("%s: %d", stats.ErrnoKey(errno), counts[errno]))
		failures -= counts[errno]
	}
	if failures > 0 {
		parts = append(parts, fmt.Sprintf("not recorded: %d", failures))
	}
	return strings.Join(parts, ", ")
}

// errnoMeanings explains the errnos in the order of errnoList.
func errnoMeanings(counts map[int]uint64) string {
	var parts []string
	for _, errno := range byFrequency(counts) {
		if errno != 0 {
			parts = append(parts, fmt.Sprintf("%s: %v", stats.ErrnoKey(errno), syscall.Errno(errno)))
		}
	}
	return strings.Join(parts, "; ")
}

// byFrequency returns the keys with the largest counts first.
func byFrequency[K cmp.Ordered](counts map[K]uint64) []K {
	return slices.SortedFunc(maps.Keys(counts), func(a, b K) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}

// statusList names the most frequent status codes first.
func statusList(counts map[int]uint64) string {
	codes := byFrequency(counts)
	shown := codes[:min(len(codes), maxCodesShown)]
	var parts []string
	for _, code := range shown {
		parts = append(parts, fmt.Sprintf("%s: %d", stats.StatusKey(code), counts[code]))
	}
	if rest := len(codes) - len(shown); rest > 0 {
		parts = append(parts, fmt.Sprintf("%d more codes", rest))
	}
	return strings.Join(parts, ", ")
}
