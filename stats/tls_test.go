package stats

import (
	"crypto/tls"
	"reflect"
	"testing"
)

// secured records a success with TLS, and what its handshake negotiated.
func secured(rec *Recorder, h TLSHandshake) {
	rec.Start()
	rec.Secured(h)
	s := sampleOf(1e6)
	s.Reached = s.Reached.With(secureOf(h))
	rec.Success(s)
	rec.Fin(FinReceived)
}

func secureOf(h TLSHandshake) Phase {
	if h.Resumed {
		return PhaseSecureResumed
	}
	return PhaseSecure
}

// modern is what most handshakes negotiate today.
func modern() TLSHandshake {
	return TLSHandshake{Version: tls.VersionTLS13, Group: uint16(tls.X25519), Suite: tls.TLS_AES_128_GCM_SHA256}
}

// mixed has full, refused and resumed handshakes, a HelloRetryRequest, and a failure by an alert.
func mixed() *Recorder {
	rec := NewRecorder(nil)
	resumed, refused, retried := modern(), modern(), modern()
	resumed.Tried, resumed.Resumed = true, true
	refused.Tried = true
	retried.HelloRetry, retried.Group = true, uint16(tls.CurveP256)
	for _, h := range []TLSHandshake{modern(), resumed, resumed, refused, retried,
		{Version: tls.VersionTLS12, Suite: tls.TLS_RSA_WITH_AES_128_GCM_SHA256}} {
		secured(rec, h)
	}
	rec.Start()
	rec.Secured(modern())
	rec.Alert(116)
	rec.Alert(42)
	rec.Alert(199)
	s := &Sample{Reached: Phases(0).With(PhaseConnect).With(PhaseSecure)}
	rec.Fail(s, CauseSecureAlert)
	return rec
}

func TestSecuredIsCountedByName(t *testing.T) {
	r := mustMerge(t, mixed())
	if err := r.Check(); err != nil {
		t.Error(err)
	}
	want := TLSResult{
		Versions: map[string]uint64{"TLS 1.3": 6, "TLS 1.2": 1},
		Groups:   map[string]uint64{"X25519": 5, "CurveP256": 1},
		Suites:   map[string]uint64{"TLS_AES_128_GCM_SHA256": 6, "TLS_RSA_WITH_AES_128_GCM_SHA256": 1},
		Resumed:  2, Tried: 3, HelloRetryRequests: 1,
		Alerts: map[string]uint64{"certificate_required": 1, "bad_certificate": 1, "other": 1},
	}
	if !reflect.DeepEqual(r.TLS, want) {
		t.Errorf("TLS %+v, want %+v", r.TLS, want)
	}
	if n, m := r.Phases[PhaseSecure].Success.TotalCount(), r.Phases[PhaseSecureResumed].Success.TotalCount(); n != 4 || m != 2 {
		t.Errorf("%d full and %d resumed handshakes, want 4 and 2", n, m)
	}
	if n := r.TLS.Handshakes(); n != 7 {
		t.Errorf("%d handshakes, want 7", n)
	}
}

// TestCodesThatDoNotFit counts more suites than there is room for.
func TestCodesThatDoNotFit(t *testing.T) {
	rec := NewRecorder(nil)
	for suite := range uint16(40) {
		for range 2 {
			h := modern()
			h.Suite = 0xff00 + suite
			secured(rec, h)
		}
	}
	r := mustMerge(t, rec)
	if err := r.Check(); err != nil {
		t.Error(err)
	}
	if n := r.TLS.Suites["other"]; n != 16 || len(r.TLS.Suites) != 33 || r.TLS.Suites["0xFF1F"] != 2 {
		t.Errorf("suites %v, want 32 with 2 each, and 16 others", r.TLS.Suites)
	}
}

// TestMergedNamesStayInBounds merges more names than a result file may have.
func TestMergedNamesStayInBounds(t *testing.T) {
	var all []*Result
	for i := range uint16(4) {
		rec := NewRecorder(nil)
		for suite := range uint16(30) {
			h := modern()
			h.Suite = 0xff00 + 30*i + suite
			secured(rec, h)
		}
		all = append(all, mustMerge(t, rec))
	}
	r, err := MergeResults(all...)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Check(); err != nil {
		t.Error(err)
	}
	if n := len(r.TLS.Suites); n != maxTLSNames || r.TLS.Suites["other"] != 120-maxTLSNames+1 {
		t.Errorf("%d suites, %d others", n, r.TLS.Suites["other"])
	}
}

func TestMergeResultsAddsTLS(t *testing.T) {
	a, b := mustMerge(t, mixed()), mustMerge(t, mixed())
	a.Setup.TLS, b.Setup.TLS = TLSSetup{CACert: "ca.pem", Min: "1.2", Max: "1.3", Groups: []string{"X25519"}}, TLSSetup{CACert: "ca.pem", Min: "1.3", Max: "1.3", Groups: []string{"X25519"}}
	a.Setup.SecureTimeoutUs, b.Setup.SecureTimeoutUs = 5, 5
	a.Client, b.Client = ClientCost{CollectionPauseUs: 1, CollectionCPUUs: 2}, ClientCost{CollectionPauseUs: 10, CollectionCPUUs: 20}
	r, err := MergeResults(a, b, mustMerge(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Check(); err != nil {
		t.Error(err)
	}
	if r.TLS.Versions["TLS 1.3"] != 12 || r.TLS.Alerts["other"] != 2 || r.TLS.Tried != 6 || r.TLS.Resumed != 4 || r.TLS.HelloRetryRequests != 2 || r.TLS.Groups["CurveP256"] != 2 {
		t.Errorf("TLS %+v", r.TLS)
	}
	if r.Client.CollectionPauseUs != 11 || r.Client.CollectionCPUUs != 22 {
		t.Errorf("client %+v", r.Client)
	}
	want := Difference{"TLS", []string{"1.2 to 1.3, groups X25519, 0 % resumed", "1.3 to 1.3, groups X25519, 0 % resumed"}}
	if len(r.Differences) != 1 || !reflect.DeepEqual(r.Differences[0], want) {
		t.Errorf("differences %q", r.Differences)
	}
	if a.TLS.Versions["TLS 1.3"] != 6 {
		t.Error("MergeResults modified its argument")
	}
	if both, err := MergeResults(a, b); err != nil || !reflect.DeepEqual(both.Setup.TLS, TLSSetup{CACert: "ca.pem", Max: "1.3", Groups: []string{"X25519"}}) || both.Setup.SecureTimeoutUs != 5 {
		t.Errorf("setup %+v, %v", both.Setup, err)
	}
}

func TestCheckTLS(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(t *TLSResult)
		want  string
	}{
		{"unchanged", func(*TLSResult) {}, ""},
		{"version lost", func(t *TLSResult) { t.Versions = nil }, "TLS handshakes by version (0) differ from values of phases secure and secure_resumed (7)"},
		{"suite lost", func(t *TLSResult) { t.Suites = nil }, "TLS handshakes by suite (0) differ from values of phases secure and secure_resumed (7)"},
		{"resumption lost", func(t *TLSResult) { t.Resumed-- }, "resumed TLS handshakes (1) differ from values of phase secure_resumed (2)"},
		{"resumed without a ticket", func(t *TLSResult) { t.Tried = 1 }, "resumed TLS handshakes (2) are more than tried (1)"},
		{"too many tried", func(t *TLSResult) { t.Tried = 8 }, "TLS handshakes that tried to resume, with a HelloRetryRequest and with a group (8, 1, 6): one is more than all (7)"},
		{"too many retried", func(t *TLSResult) { t.HelloRetryRequests = 8 }, "TLS handshakes that tried to resume, with a HelloRetryRequest and with a group (3, 8, 6): one is more than all (7)"},
		{"too many groups", func(t *TLSResult) { t.Groups["x"] = 2 }, "TLS handshakes that tried to resume, with a HelloRetryRequest and with a group (3, 1, 8): one is more than all (7)"},
		{"no name", func(t *TLSResult) { t.Groups[""] = 0 }, "groups of TLS must have printable ASCII names of 1 to 64 characters"},
		{"an escape", func(t *TLSResult) { t.Alerts["\x1b[2J"] = 1 }, "alerts of TLS must have printable ASCII names of 1 to 64 characters"},
		{"too many names", func(t *TLSResult) {
			for i := range 65 {
				t.Versions[string(rune('!'+i))] = 0
			}
		}, "67 versions of TLS, at most 64 are allowed"},
	} {
		r := mustMerge(t, mixed())
		test.spoil(&r.TLS)
		got := ""
		if err := r.Check(); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: Check() = %q, want %q", test.name, got, test.want)
		}
	}
}

func TestUsesTLS(t *testing.T) {
	for name, change := range map[string]func(*Result){
		"timeout": func(r *Result) { r.Setup.SecureTimeoutUs = 1 },
		"setup":   func(r *Result) { r.Setup.TLS.ALPN = []string{"http/1.1"} },
		"url":     func(r *Result) { r.Setup.URL = "WSS://a" },
		"alert":   func(r *Result) { r.TLS.Alerts = map[string]uint64{"other": 1} },
		"cause":   func(r *Result) { r.Causes[CauseSecureVersion] = 1 },
		"phase":   func(r *Result) { _ = r.Phases[PhaseSecureResumed].Failure.RecordValue(1) },
	} {
		r := mustMerge(t)
		r.Setup.URL = "ws://wss"
		if r.UsesTLS() {
			t.Error("a ws:// run uses TLS")
		}
		if change(r); !r.UsesTLS() {
			t.Errorf("%s: no TLS", name)
		}
	}
}

func TestPhaseOrderHasEachPhaseOnce(t *testing.T) {
	var seen Phases
	for _, p := range PhaseOrder() {
		seen = seen.With(p)
	}
	if seen != 1<<NumPhases-1 {
		t.Errorf("phases %b", seen)
	}
}

func TestTLSSetupInWords(t *testing.T) {
	for want, s := range map[string]TLSSetup{
		"": {},
		"1.2 to 1.3, groups X25519 P-256, 50 % resumed":                            {Min: "1.2", Max: "1.3", Groups: []string{"X25519", "P-256"}, ResumePercent: 50},
		"1.3 to 1.3, groups X25519, 0 % resumed, not verified, with a certificate": {Min: "1.3", Max: "1.3", Groups: []string{"X25519"}, Insecure: true, Cert: "c"},
	} {
		if got := s.Text(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
