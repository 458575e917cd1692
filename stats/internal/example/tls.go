package example

import (
	"crypto/tls"

	"wsperf/stats"
)

// Secure is a run of a wss:// URL: full and resumed handshakes of two versions, some after a
// HelloRetryRequest, and failures by several causes.
func Secure() *stats.Result {
	rec := stats.NewRecorder(stats.NewConnLog(0))
	rec.KeepReplies(3)
	full := stats.TLSHandshake{Version: tls.VersionTLS13, Group: uint16(tls.X25519), Suite: tls.TLS_AES_128_GCM_SHA256}
	resumed, refused, retried := full, full, full
	resumed.Tried, resumed.Resumed = true, true
	refused.Tried = true
	retried.HelloRetry, retried.Group = true, uint16(tls.CurveP256)
	old := stats.TLSHandshake{Version: tls.VersionTLS12, Suite: tls.TLS_RSA_WITH_AES_128_GCM_SHA256}
	for _, of := range []struct {
		n int
		h stats.TLSHandshake
	}{{88, full}, {50, resumed}, {10, refused}, {7, retried}, {3, old}} {
		for i := range of.n {
			recordSecured(rec, of.h, int64(i+1)*10_000)
		}
	}
	for range 5 {
		refuseCertificate(rec, full)
	}
	RecordFailures(rec, stats.CauseSecureVersion, 0)
	RecordFailures(rec, stats.CauseSecureUnknownCA, 0, 0)
	for _, code := range []uint8{42, 42, 42, 116, 116, 255} {
		rec.Alert(code)
	}
	r := Complete(rec)
	r.Setup.URL, r.Setup.SecureTimeoutUs = "wss://127.0.0.1:9443/", 5e6
	r.Setup.TLS = stats.TLSSetup{CACert: "ca.pem", Cert: "client.pem", Key: "client.key", Min: "1.2", Max: "1.3", Groups: []string{"X25519", "P-256"},
		ResumePercent: 50, SNI: "testee.example", ALPN: []string{"http/1.1"}, Insecure: true, KeyLog: "keys.log"}
	r.Client.Allocations, r.Client.Collections, r.Client.CollectionPauseUs, r.Client.CollectionCPUUs = 66_400, 7, 1400, 91_000
	r.Client.UserUs, r.Client.SystemUs = 640_000, 270_000
	r.Calibration = stats.Calibration{TLS: "TLS 1.3, X25519, 50 % resumed", Missing: "run it with --tls --tls-resume 50%"}
	return r
}

// recordSecured records a success whose full handshake took 400 us and more, a resumed one half
// of that.
func recordSecured(rec *stats.Recorder, h stats.TLSHandshake, moreNs int64) {
	p, ns := stats.PhaseSecure, 400_000+moreNs
	if h.Resumed {
		p, ns = stats.PhaseSecureResumed, 200_000+moreNs
	}
	s := &stats.Sample{
		Ns:      [stats.NumPhases]int64{31_000, 1e6, 5e5, 90_400, 2e6 + ns, 1_031_000 + ns},
		Reached: AllReached.With(p),
	}
	s.Ns[p] = ns
	rec.Start()
	rec.Secured(h)
	rec.Success(s)
	rec.Fin(stats.FinReceived)
}

// refuseCertificate records a testee of TLS 1.3 that refuses the client's certificate after the
// handshake.
func refuseCertificate(rec *stats.Recorder, h stats.TLSHandshake) {
	s := &stats.Sample{Ns: [stats.NumPhases]int64{45_000, 0, 0, 0, 3_000_000}}
	s.Ns[stats.PhaseSecure] = 700_000
	s.Reached = s.Reached.With(stats.PhaseConnect).With(stats.PhaseSecure)
	rec.Start()
	rec.Secured(h)
	rec.Fail(s, stats.CauseSecureAlert)
}
