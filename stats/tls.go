package stats

import (
	"fmt"
	"strings"
)

// TLSSetup is what a run with TLS was asked to do. Certificates, keys and key log are paths.
type TLSSetup struct {
	CACert        string   `json:"cacert,omitempty"` // empty: the roots of the system
	Insecure      bool     `json:"insecure,omitzero"`
	Cert          string   `json:"cert,omitempty"` // of the client
	Key           string   `json:"key,omitempty"`
	Min           string   `json:"min,omitempty"` // lowest version offered
	Max           string   `json:"max,omitempty"` // highest version offered
	Groups        []string `json:"groups,omitempty"`
	ResumePercent float64  `json:"resume_percent,omitzero"` // of the handshakes that try to resume
	SNI           string   `json:"sni,omitempty"`
	ALPN          []string `json:"alpn,omitempty"`
	KeyLog        string   `json:"keylog,omitempty"`
}

// IsZero reports whether nothing is set.
func (s *TLSSetup) IsZero() bool {
	return s.CACert == "" && !s.Insecure && s.Cert == "" && s.Key == "" && s.Min == "" && s.Max == "" && len(s.Groups) == 0 &&
		s.ResumePercent == 0 && s.SNI == "" && len(s.ALPN) == 0 && s.KeyLog == ""
}

// Text describes what bears on the measurement in one text, empty for a ws:// URL.
func (s *TLSSetup) Text() string {
	if s.IsZero() {
		return ""
	}
	text := fmt.Sprintf("%s to %s, groups %s, %.6g %% resumed", s.Min, s.Max, strings.Join(s.Groups, " "), s.ResumePercent)
	if s.Insecure {
		text += ", not verified"
	}
	if s.Cert != "" {
		text += ", with a certificate"
	}
	return text
}

// TLSResult counts the complete TLS handshakes by what was negotiated, and the alerts that the
// testee sent. Names are those of crypto/tls, and those of alerts are of RFC 8446 section 6.
// Versions and Suites have every handshake; Groups those with a key exchange that has one.
type TLSResult struct {
	Versions           map[string]uint64 `json:"versions"`
	Groups             map[string]uint64 `json:"groups"`
	Suites             map[string]uint64 `json:"suites"`
	Resumed            uint64            `json:"resumed"` // handshakes that were resumed, of those that tried
	Tried              uint64            `json:"tried"`   // handshakes that offered a ticket or a PSK
	HelloRetryRequests uint64            `json:"hello_retry_requests"`
	Alerts             map[string]uint64 `json:"alerts"`
}

// Limits of the names of a TLSResult.
const (
	maxTLSNames = 64
	maxTLSName  = 64 // bytes; the longest suite that crypto/tls knows has 45
)

// Handshakes returns the number of complete TLS handshakes.
func (t *TLSResult) Handshakes() uint64 { return sumOf(t.Versions) }

// IsZero reports whether nothing was counted.
func (t *TLSResult) IsZero() bool {
	return len(t.Versions)+len(t.Groups)+len(t.Suites)+len(t.Alerts) == 0 && t.Resumed == 0 && t.Tried == 0 && t.HelloRetryRequests == 0
}

func (t *TLSResult) add(o *TLSResult) {
	t.Resumed += o.Resumed
	t.Tried += o.Tried
	t.HelloRetryRequests += o.HelloRetryRequests
	for _, m := range []struct {
		to   *map[string]uint64
		from map[string]uint64
	}{{&t.Versions, o.Versions}, {&t.Groups, o.Groups}, {&t.Suites, o.Suites}, {&t.Alerts, o.Alerts}} {
		for name, n := range m.from {
			addNamed(m.to, name, n)
		}
	}
}

// addNamed counts a name that does not fit as "other".
func addNamed(to *map[string]uint64, name string, n uint64) {
	if n == 0 {
		return
	}
	if *to == nil {
		*to = make(map[string]uint64)
	}
	if _, had := (*to)[name]; !had && len(*to) >= maxTLSNames-1 {
		name = otherKey
	}
	(*to)[name] += n
}

// UsesTLS reports whether the run, or one of several merged ones, was of a wss:// URL. Only then
// the result file has the keys of TLS.
func (r *Result) UsesTLS() bool {
	return r.Setup.SecureTimeoutUs != 0 || !r.Setup.TLS.IsZero() || strings.HasPrefix(strings.ToLower(r.Setup.URL), "wss:") ||
		!r.TLS.IsZero() || r.tlsPhases() > 0 || r.tlsFailures() > 0
}

// tlsPhases returns the number of values in the phases of TLS.
func (r *Result) tlsPhases() (n uint64) {
	for _, p := range []Phase{PhaseSecure, PhaseSecureResumed} {
		n += r.values(p)
	}
	return n
}

// values returns the number of values of a phase, of successes and failures.
func (r *Result) values(p Phase) (n uint64) {
	phase := &r.Phases[p]
	if phase.Success != nil {
		n += uint64(phase.Success.TotalCount())
	}
	if phase.Failure != nil {
		n += uint64(phase.Failure.TotalCount())
	}
	return n
}

func (r *Result) tlsFailures() (n uint64) {
	for c := range Cause(NumCauses) {
		if c.OfTLS() {
			n += r.Causes[c]
		}
	}
	return n
}

func (r *Result) checkTLS() error {
	t, handshakes := &r.TLS, r.tlsPhases()
	err := firstError(
		checkNames("versions", t.Versions), checkNames("groups", t.Groups), checkNames("suites", t.Suites), checkNames("alerts", t.Alerts),
		equal("TLS handshakes by version", sumOf(t.Versions), "values of phases secure and secure_resumed", handshakes),
		equal("TLS handshakes by suite", sumOf(t.Suites), "values of phases secure and secure_resumed", handshakes),
		equal("resumed TLS handshakes", t.Resumed, "values of phase secure_resumed", r.values(PhaseSecureResumed)),
	)
	switch {
	case err != nil:
		return err
	case t.Resumed > t.Tried:
		return fmt.Errorf("resumed TLS handshakes (%d) are more than tried (%d)", t.Resumed, t.Tried)
	case max(t.Tried, t.HelloRetryRequests, sumOf(t.Groups)) > handshakes:
		return fmt.Errorf("TLS handshakes that tried to resume, with a HelloRetryRequest and with a group (%d, %d, %d): one is more than all (%d)",
			t.Tried, t.HelloRetryRequests, sumOf(t.Groups), handshakes)
	}
	return nil
}

func checkNames(kind string, counts map[string]uint64) error {
	if n := len(counts); n > maxTLSNames {
		return fmt.Errorf("%d %s of TLS, at most %d are allowed", n, kind, maxTLSNames)
	}
	for name := range counts {
		if name == "" || !printableASCII(name, maxTLSName) {
			return fmt.Errorf("%s of TLS must have printable ASCII names of 1 to %d characters", kind, maxTLSName)
		}
	}
	return nil
}

func sumOf(counts map[string]uint64) (total uint64) {
	for _, n := range counts {
		total += n
	}
	return total
}
