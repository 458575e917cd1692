package stats

import "crypto/tls"

// TLSHandshake is what a complete TLS handshake has negotiated.
type TLSHandshake struct {
	Version, Group, Suite uint16 // IANA's numbers; Group 0: the key exchange had none
	Tried                 bool   // it offered a ticket or a PSK
	Resumed               bool   // the testee took that
	HelloRetry            bool   // the testee asked for another key share (RFC 8446 section 4.1.4)
}

// tlsCounts is what a Recorder counts of TLS, in tables of fixed size.
type tlsCounts struct {
	versions, groups, suites   codes
	resumed, tried, helloRetry uint64
	alerts                     [256]uint64 // by the code of RFC 8446 section 6
}

// codes counts a few 16 bit numbers. Almost every handshake of a run has the same one, which the
// search finds first.
type codes struct {
	all   [32]struct{ code, count uint64 }
	used  int
	other uint64 // of those for which there is no room
}

func (c *codes) count(code uint16) {
	for i := range c.all[:c.used] {
		if c.all[i].code == uint64(code) {
			c.all[i].count++
			return
		}
	}
	if c.used == len(c.all) {
		c.other++
		return
	}
	c.all[c.used].code, c.all[c.used].count = uint64(code), 1
	c.used++
}

// Secured counts a complete TLS handshake. The Sample of its connection has PhaseSecure, or
// PhaseSecureResumed if h.Resumed.
func (r *Recorder) Secured(h TLSHandshake) {
	t := &r.tls
	t.versions.count(h.Version)
	t.suites.count(h.Suite)
	if h.Group != 0 {
		t.groups.count(h.Group)
	}
	t.tried += one(h.Tried)
	t.resumed += one(h.Resumed)
	t.helloRetry += one(h.HelloRetry)
}

// Alert counts an alert of the testee by its code.
func (r *Recorder) Alert(code uint8) { r.tls.alerts[code]++ }

func one(is bool) uint64 {
	if is {
		return 1
	}
	return 0
}

// addTLS gives the numbers their names.
func (r *Result) addTLS(rec *Recorder) {
	from, to := &rec.tls, &r.TLS
	from.versions.addTo(&to.Versions, tls.VersionName)
	from.suites.addTo(&to.Suites, tls.CipherSuiteName)
	from.groups.addTo(&to.Groups, func(code uint16) string { return tls.CurveID(code).String() })
	for code, n := range from.alerts {
		addNamed(&to.Alerts, AlertName(uint8(code)), n)
	}
	to.Resumed += from.resumed
	to.Tried += from.tried
	to.HelloRetryRequests += from.helloRetry
}

func (c *codes) addTo(counts *map[string]uint64, name func(uint16) string) {
	for _, of := range c.all[:c.used] {
		addNamed(counts, name(uint16(of.code)), of.count)
	}
	addNamed(counts, otherKey, c.other)
}

// alertNames are those of RFC 8446 section 6, and no_renegotiation of RFC 5246 section 7.2.
var alertNames = map[uint8]string{
	0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow", 40: "handshake_failure", 42: "bad_certificate",
	43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired", 46: "certificate_unknown", 47: "illegal_parameter",
	48: "unknown_ca", 49: "access_denied", 50: "decode_error", 51: "decrypt_error", 70: "protocol_version", 71: "insufficient_security",
	80: "internal_error", 86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation", 109: "missing_extension",
	110: "unsupported_extension", 112: "unrecognized_name", 113: "bad_certificate_status_response", 115: "unknown_psk_identity",
	116: "certificate_required", 120: "no_application_protocol",
}

// AlertName returns the name of an alert, and "other" for a code without one.
func AlertName(code uint8) string {
	if name, known := alertNames[code]; known {
		return name
	}
	return otherKey
}
