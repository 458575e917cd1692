package job

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"wsperf/engine"
	"wsperf/stats"
)

// secured returns options of wss:// that all differ from their defaults, with files in a folder.
func secured(t *testing.T) (Options, *authority) {
	t.Helper()
	a := newAuthority(t)
	cert, key := a.issue("client")
	o := full()
	o.URL, o.SecureTimeoutUs = "wss://127.0.0.1/x", 4e6
	o.TLS = stats.TLSSetup{
		CACert: a.path, Insecure: true, Cert: cert, Key: key, Min: "1.3", Max: "1.3", Groups: []string{"P-521", "X25519MLKEM768"},
		ResumePercent: 50, SNI: "example.org", ALPN: []string{"http/1.1", "x"}, KeyLog: a.file("keys", ""),
	}
	return o, a
}

func mustMake(t *testing.T, o Options) *Job {
	t.Helper()
	j, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func configOf(t *testing.T, o Options) engine.Config {
	t.Helper()
	c, err := mustMake(t, o).EngineConfig(netip.MustParseAddrPort("127.0.0.1:443"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEngineConfigHasTLS(t *testing.T) {
	o, a := secured(t)
	c := configOf(t, o)
	got := *c.TLS
	if c.SecureTimeout != 4*time.Second {
		t.Errorf("timeout %v", c.SecureTimeout)
	}
	if got.Roots == nil || !got.Roots.Equal(a.pool()) {
		t.Error("not the root certificates of the file")
	}
	if len(got.Certificates) != 1 || got.Certificates[0].Leaf.Subject.CommonName != "client" {
		t.Errorf("certificates %v", got.Certificates)
	}
	got.Roots, got.Certificates = nil, nil
	want := engine.TLS{
		ServerName: "example.org", Insecure: true, MinVersion: tls.VersionTLS13, MaxVersion: tls.VersionTLS13,
		Groups: []tls.CurveID{tls.CurveP521, tls.X25519MLKEM768}, Protocols: []string{"http/1.1", "x"}, ResumePercent: 50,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want\n%+v", got, want)
	}
}

func TestTLSDefaults(t *testing.T) {
	o := Default()
	o.URL = "wss://[fe80::1%25lo]/"
	c := configOf(t, o)
	want := &engine.TLS{
		ServerName: "fe80::1", MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13, Groups: []tls.CurveID{tls.X25519, tls.CurveP256},
	}
	if !reflect.DeepEqual(c.TLS, want) || c.SecureTimeout != 10*time.Second {
		t.Errorf("%+v, want\n%+v", c.TLS, want)
	}
	o.URL = "ws://127.0.0.1/"
	if c := configOf(t, o); c.TLS != nil || c.SecureTimeout != 0 {
		t.Errorf("ws://: %+v, %v", c.TLS, c.SecureTimeout)
	}
}

// arguments of each option of wss://, and the options that they make.
var tlsArguments = strings.Fields("--secure-timeout 4s --cacert a --insecure=true --cert b --key c --tls-min 1.3 --tls-max 1.2 --tls-groups p-521,x25519mlkem768 " +
	"--tls-resume 50% --sni example.org --alpn http/1.1,x --tls-keylog d")

func TestEveryTLSOptionIsRead(t *testing.T) {
	want := Default()
	want.SecureTimeoutUs = 4e6
	want.TLS = stats.TLSSetup{
		CACert: "a", Insecure: true, Cert: "b", Key: "c", Min: "1.3", Max: "1.2", Groups: []string{"P-521", "X25519MLKEM768"},
		ResumePercent: 50, SNI: "example.org", ALPN: []string{"http/1.1", "x"}, KeyLog: "d",
	}
	for verb, bind := range map[string]func(*pflag.FlagSet, *Options) *CommandLine{"run": BindRun, "drive": BindDrive, "search": BindSearch, "compare": BindCompare} {
		if got, err := commandLine(bind, tlsArguments...); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n%+v, want\n%+v", verb, err, got, want)
		}
	}
	if _, err := commandLine(BindCalibrate, "--insecure"); err == nil {
		t.Error("calibrate has --insecure, and no URL")
	}
}

// TestTLSNeedsSecureURL gives each option by itself.
func TestTLSNeedsSecureURL(t *testing.T) {
	for _, row := range tlsOptions() {
		name := row.flags[run].name
		i := slices.IndexFunc(tlsArguments, func(a string) bool { return strings.HasPrefix(a, "--"+name) })
		if i < 0 {
			t.Fatalf("no arguments for --%s", name)
		}
		o, err := commandLine(BindRun, tlsArguments[i:min(i+2, len(tlsArguments))]...)
		if name == "insecure" {
			o, err = commandLine(BindRun, tlsArguments[i])
		}
		if err != nil {
			t.Fatal(err)
		}
		for url, want := range map[string]string{
			"ws://127.0.0.1/": "--" + name + " is for wss:// only, and the URL begins with ws://: leave it out, or use wss://",
			"":                "--" + name + " is for wss:// only, and without a URL the testee is one of ws://: give a wss:// URL, such as that of wsperf testee --tls",
		} {
			o.URL = url
			if _, err := New(o); err == nil || err.Error() != want {
				t.Errorf("%v, want %s", err, want)
			}
		}
		if o.WithoutTLS(); o.GivenTLS() != "" {
			t.Errorf("--%s is still there", o.GivenTLS())
		}
	}
}

func TestTLSValues(t *testing.T) {
	const groups = "must be a list of X25519, P-256, P-384, P-521, X25519MLKEM768, SecP256r1MLKEM768, SecP384r1MLKEM1024"
	long := strings.Repeat("x", 256)
	for _, c := range []struct{ name, text, want string }{
		{"secure-timeout", "11m", "must be above 0 and at most 10m0s"},
		{"secure-timeout", "0s", "must be above 0 and at most 10m0s"},
		{"cacert", "", "the name is empty: must be a file in PEM"},
		{"cert", "", "the name is empty: must be a file in PEM"},
		{"key", "", "the name is empty: must be a file in PEM"},
		{"tls-min", "1.1", "must be 1.2 or 1.3"},
		{"tls-max", "1.4", "must be 1.2 or 1.3"},
		{"tls-groups", "", "the list is empty: " + groups},
		{"tls-groups", "X25519,P-255", `"P-255" is no group: ` + groups},
		{"tls-groups", "X25519,x25519", "X25519 is named twice: must be named once"},
		{"tls-resume", "101", "must be 0% to 100%"},
		{"tls-resume", "-1%", "must be 0% to 100%"},
		{"tls-resume", "NaN", "must be 0% to 100%"},
		{"sni", "", "the name is empty: must be such as example.org"},
		{"sni", "127.0.0.1", "SNI has names, not addresses (RFC 6066 section 3): must be such as example.org"},
		{"sni", "::1", "SNI has names, not addresses (RFC 6066 section 3): must be such as example.org"},
		{"sni", "a..b", "not a host name: must be such as example.org"},
		{"sni", "a.", "not a host name: must be such as example.org"},
		{"sni", strings.Repeat("a.", 127), "not a host name: must be such as example.org"},
		{"sni", "ä.example", "not a host name in ASCII: must be such as example.org"},
		{"sni", "a b", "not a host name in ASCII: must be such as example.org"},
		{"alpn", "", "the list is empty: must be a list such as http/1.1"},
		{"alpn", "a,,b", "a name is empty: must be a list such as http/1.1"},
		{"alpn", "a, a", `"a" is named twice: must be named once`},
		{"alpn", long, `"` + long[:80] + `..." is longer than 255 bytes: must be a list such as http/1.1`},
		{"tls-keylog", "", "the name is empty: must be a file that can be written"},
		{"tls-keylog", "-", "the report goes to standard output: must be a file that can be written"},
	} {
		o := Default()
		f := pflag.NewFlagSet("", pflag.ContinueOnError)
		BindRun(f, &o)
		if err := f.Lookup(c.name).Value.Set(c.text); !isBadValue(err) || err.Error() != c.want {
			t.Errorf("--%s %.90q: %v, want %s", c.name, c.text, err, c.want)
		}
		if !reflect.DeepEqual(o, Default()) {
			t.Errorf("--%s %.90q has changed the options", c.name, c.text)
		}
	}
}

// TestTLSOptionsTogether: those that do not go together.
func TestTLSOptionsTogether(t *testing.T) {
	for want, spoil := range map[string]func(*stats.TLSSetup){
		"--tls-min 1.3 is above --tls-max 1.2: must be at most that": func(s *stats.TLSSetup) { s.Max = "1.2" },
		"--tls-groups X25519MLKEM768,SecP384r1MLKEM1024: ML-KEM needs TLS 1.3, and --tls-max is 1.2: give another group too": func(s *stats.TLSSetup) {
			s.Min, s.Max, s.Groups = "", "1.2", []string{"X25519MLKEM768", "SecP384r1MLKEM1024"}
		},
		"--cert needs --key: a certificate is of no use without its private key": func(s *stats.TLSSetup) { s.Key = "" },
		"--key needs --cert: a private key is of no use without its certificate": func(s *stats.TLSSetup) { s.Cert = "" },
		`--tls-groups "x": ` + wantGroups():                                      func(s *stats.TLSSetup) { s.Groups = []string{"x"} }, // in an index that was changed
	} {
		o, _ := secured(t)
		spoil(&o.TLS)
		if _, err := New(o); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestDescribeHasTLS: the result repeats the options with their defaults, and paths in place of contents.
func TestDescribeHasTLS(t *testing.T) {
	t.Setenv("SSLKEYLOGFILE", "") // of whoever runs the test
	o, _ := secured(t)
	o.Command = []string{"run", o.URL, "--key", o.TLS.Key, "--cert=" + o.TLS.Cert}
	r := &stats.Result{}
	mustMake(t, o).Describe(r)
	if !reflect.DeepEqual(r.Setup.TLS, o.TLS) || r.Setup.SecureTimeoutUs != 4e6 {
		t.Errorf("%+v, want\n%+v", r.Setup.TLS, o.TLS)
	}
	if c := r.Provenance.Command; !strings.Contains(c, "--key "+o.TLS.Key) || !strings.Contains(c, "--cert="+o.TLS.Cert) {
		t.Error(c)
	}
	if all := fmt.Sprintf("%+v", *r); strings.Contains(all, "PRIVATE") {
		t.Error(all)
	}
	o.TLS, r = stats.TLSSetup{}, &stats.Result{}
	mustMake(t, o).Describe(r)
	if want := (stats.TLSSetup{Min: "1.2", Max: "1.3", Groups: []string{"X25519", "P-256"}}); !reflect.DeepEqual(r.Setup.TLS, want) {
		t.Errorf("%+v, want\n%+v", r.Setup.TLS, want)
	}
	o.URL, o.SecureTimeoutUs, r = "ws://127.0.0.1/", Default().SecureTimeoutUs, &stats.Result{}
	mustMake(t, o).Describe(r)
	if !reflect.DeepEqual(r.Setup.TLS, stats.TLSSetup{}) || r.Setup.SecureTimeoutUs != 0 {
		t.Errorf("ws://: %+v, %d", r.Setup.TLS, r.Setup.SecureTimeoutUs)
	}
}

// TestTLSOptionsTravel: a worker gets the options of its driver.
func TestTLSOptionsTravel(t *testing.T) {
	want, _ := secured(t)
	want.TLS.CACert = "r\xe9.pem"
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Options
	if err := json.Unmarshal(data, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n%+v, want\n%+v\nby %s", err, got, want, data)
	}
}

func TestWarnings(t *testing.T) {
	t.Setenv("SSLKEYLOGFILE", "") // of whoever runs the test
	for _, c := range []struct {
		name string
		tls  stats.TLSSetup
		want []engine.WarningKind
	}{
		{"none", stats.TLSSetup{}, nil},
		{"X25519 alone", stats.TLSSetup{Groups: []string{"X25519"}}, []engine.WarningKind{WarnGroups}},
		{"without P-256", stats.TLSSetup{Groups: []string{"P-521", "SecP256r1MLKEM768"}}, []engine.WarningKind{WarnGroups}},
		{"X25519 alone with TLS 1.3", stats.TLSSetup{Groups: []string{"X25519"}, Min: "1.3"}, nil},
		{"HTTP/2", stats.TLSSetup{ALPN: []string{"http/1.1", "h2"}}, []engine.WarningKind{WarnProtocols}},
		{"key log", stats.TLSSetup{KeyLog: t.TempDir() + "/keys"}, []engine.WarningKind{WarnKeyLog}},
	} {
		o := full()
		o.URL, o.SecureTimeoutUs, o.TLS = "wss://127.0.0.1/", 1, c.tls
		var got []engine.WarningKind
		for _, w := range mustMake(t, o).Warnings() {
			got = append(got, w.Kind)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if all := mustMake(t, full()).Warnings(); all != nil {
		t.Errorf("ws://: %v", all)
	}
}
