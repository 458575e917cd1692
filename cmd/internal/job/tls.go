package job

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"wsperf/engine"
	"wsperf/stats"
)

// The names of the options of wss://, which are checked together.
const (
	nameCACert = "cacert"
	nameCert   = "cert"
	nameKey    = "key"
	nameGroups = "tls-groups"
	nameKeyLog = "tls-keylog"
)

const (
	groupsUsage = "offer the key exchange groups of `LIST`: X25519, P-256, P-384, P-521, and with ML-KEM X25519MLKEM768, SecP256r1MLKEM768 or SecP384r1MLKEM1024; " +
		"ML-KEM costs the client about 80 us and 23 kB of memory per handshake, and makes the ClientHello 1.2 kB longer (default X25519,P-256)"
	resumeUsage = "let `PERCENT` of the handshakes try to resume a session; each loop gets its first ticket from a full handshake before the run, which is not measured"
	keyLogUsage = "append the secrets of all TLS sessions to `FILE`, for Wireshark (default that of the environment variable SSLKEYLOGFILE)"
	wantPEM     = "the name is empty: must be a file in PEM"
)

// tlsOptions returns the options of wss://. Those of versions and groups stay empty for their defaults, so that one
// given with ws:// is noticed.
func tlsOptions() []option {
	return []option{
		same("secure-timeout", "fail a TLS handshake that is not complete in this `TIME`",
			func(o *Options) pflag.Value { return span{&o.SecureTimeoutUs, engine.MaxTimeout} }),
		same(nameCACert, "verify the testee's certificate with the root certificates in `FILE`, in PEM (default those of the system)",
			func(o *Options) pflag.Value { return text{&o.TLS.CACert, wantPEM} }),
		same("insecure", "do not verify the testee's certificate (default off)",
			func(o *Options) pflag.Value { return toggle{&o.TLS.Insecure} }),
		same(nameCert, "if the testee asks for a certificate, send that in `FILE`, in PEM, with its intermediate ones (default none)",
			func(o *Options) pflag.Value { return text{&o.TLS.Cert, wantPEM} }),
		same(nameKey, "the private key of --cert is in `FILE`, in PEM and not encrypted (default none)",
			func(o *Options) pflag.Value { return text{&o.TLS.Key, wantPEM} }),
		same("tls-min", "accept no TLS version below `VERSION`, 1.2 or 1.3",
			func(o *Options) pflag.Value { return version{&o.TLS.Min, leastVersion} }),
		shape(same("tls-max", "offer no TLS version above `VERSION`, 1.2 or 1.3",
			func(o *Options) pflag.Value { return version{&o.TLS.Max, mostVersion} })),
		shape(same(nameGroups, groupsUsage,
			func(o *Options) pflag.Value { return list[string]{&o.TLS.Groups, parseGroups, wantGroups()} })),
		same("tls-resume", resumeUsage,
			func(o *Options) pflag.Value { return Percent{&o.TLS.ResumePercent, 0, 100} }),
		same("sni", "send the host name `NAME` in the SNI extension, and expect a certificate for it (default the host of the URL)",
			func(o *Options) pflag.Value { return hostName{&o.TLS.SNI} }),
		same("alpn", "offer the protocols of `LIST` by ALPN, such as http/1.1 (default none)",
			func(o *Options) pflag.Value { return list[string]{&o.TLS.ALPN, parseProtocols, wantProtocols} }),
		same(nameKeyLog, keyLogUsage,
			func(o *Options) pflag.Value {
				return pageName{text{&o.TLS.KeyLog, "the name is empty: must be a file that can be written"}}
			}),
	}
}

// GivenTLS returns the name of an option of wss:// that was given; empty: none was. A timeout of 0 is from before there
// was one.
func (o *Options) GivenTLS() string {
	t := &o.TLS
	for _, option := range []struct {
		name  string
		given bool
	}{
		{nameCACert, t.CACert != ""}, {"insecure", t.Insecure}, {nameCert, t.Cert != ""}, {nameKey, t.Key != ""},
		{"tls-min", t.Min != ""}, {"tls-max", t.Max != ""}, {nameGroups, len(t.Groups) > 0}, {"tls-resume", t.ResumePercent != 0},
		{"sni", t.SNI != ""}, {"alpn", len(t.ALPN) > 0}, {nameKeyLog, t.KeyLog != ""},
		{"secure-timeout", o.SecureTimeoutUs != 0 && o.SecureTimeoutUs != defaultSecureTimeout.Microseconds()},
	} {
		if option.given {
			return option.name
		}
	}
	return ""
}

// WithoutTLS removes the options of wss://.
func (o *Options) WithoutTLS() { o.TLS, o.SecureTimeoutUs = stats.TLSSetup{}, 0 }

const (
	leastVersion = "1.2"
	mostVersion  = "1.3"
)

// versionOf returns the number of a TLS version; 0: it is none.
func versionOf(name string) uint16 {
	switch name {
	case leastVersion:
		return tls.VersionTLS12
	case mostVersion:
		return tls.VersionTLS13
	}
	return 0
}

// version is a pflag.Value: a TLS version.
type version struct {
	to        *string // empty: byDefault
	byDefault string
}

func (v version) String() string {
	if v.to == nil {
		return ""
	}
	return cmp.Or(*v.to, v.byDefault)
}

func (v version) Type() string { return "version" }

func (v version) Set(text string) error {
	if versionOf(text) == 0 {
		return badValue("must be %s or %s", leastVersion, mostVersion)
	}
	*v.to = text
	return nil
}

// group is one that keys are exchanged in (RFC 8446 section 4.2.7).
type group struct {
	name string
	id   tls.CurveID
}

// groups returns those of crypto/tls. The names of the others are those of NIST and of the standards.
func groups() []group {
	return []group{
		{"X25519", tls.X25519}, {"P-256", tls.CurveP256}, {"P-384", tls.CurveP384}, {"P-521", tls.CurveP521},
		{"X25519MLKEM768", tls.X25519MLKEM768}, {"SecP256r1MLKEM768", tls.SecP256r1MLKEM768}, {"SecP384r1MLKEM1024", tls.SecP384r1MLKEM1024},
	}
}

// defaultGroups leaves out ML-KEM: what it costs the client limits the load.
func defaultGroups() []string { return []string{"X25519", "P-256"} }

func groupOf(name string) (group, bool) {
	all := groups()
	i := slices.IndexFunc(all, func(g group) bool { return strings.EqualFold(g.name, name) })
	if i < 0 {
		return group{}, false
	}
	return all[i], true
}

func wantGroups() string {
	var names []string
	for _, g := range groups() {
		names = append(names, g.name)
	}
	return "must be a list of " + strings.Join(names, ", ")
}

// parseGroups returns the names as groups writes them.
func parseGroups(list string) (names []string, err error) {
	for part := range strings.SplitSeq(list, ",") {
		g, known := groupOf(strings.TrimSpace(part))
		switch {
		case !known:
			return nil, fmt.Errorf("%q is no group: %s", Shortened(part), wantGroups())
		case slices.Contains(names, g.name):
			return nil, fmt.Errorf("%s is named twice: must be named once", g.name)
		}
		names = append(names, g.name)
	}
	return names, nil
}

// hasGroupOf12 reports whether one of the groups can be used with TLS 1.2, which has none with ML-KEM.
func hasGroupOf12(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return !strings.Contains(name, "MLKEM") })
}

const (
	wantProtocols = "must be a list such as http/1.1"
	mostProtocol  = 255 // bytes of a name (RFC 7301 section 3.1)
	mostProtocols = 100 // more than anybody offers, and fewer than 65535 bytes together
)

func parseProtocols(list string) ([]string, error) {
	all := strings.Split(list, ",")
	for i, p := range all {
		all[i] = strings.TrimSpace(p)
		switch {
		case all[i] == "":
			return nil, fmt.Errorf("a name is empty: %s", wantProtocols)
		case len(all[i]) > mostProtocol:
			return nil, fmt.Errorf("%q is longer than %d bytes: %s", Shortened(p), mostProtocol, wantProtocols)
		case slices.Contains(all[:i], all[i]):
			return nil, fmt.Errorf("%q is named twice: must be named once", Shortened(all[i]))
		}
	}
	if len(all) > mostProtocols {
		return nil, fmt.Errorf("%d protocols: must be at most %d", len(all), mostProtocols)
	}
	return all, nil
}

// hostName is a pflag.Value: a name for SNI.
type hostName struct{ to *string }

func (h hostName) String() string { return "" }
func (h hostName) Type() string   { return "string" }

func (h hostName) Set(name string) error {
	if err := checkHostName(name); err != nil {
		return BadValue{fmt.Errorf("%w: must be such as example.org", err)}
	}
	*h.to = name
	return nil
}

// mostHostName is the length of the longest name in the DNS (RFC 1035 section 3.1, without the root's dot).
const mostHostName = 253

// checkHostName accepts what can be in SNI: ASCII, without a dot at the end, and no address (RFC 6066 section 3).
func checkHostName(name string) error {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._", r)
	}
	_, notAddress := netip.ParseAddr(name)
	switch {
	case name == "":
		return errors.New("the name is empty")
	case notAddress == nil:
		return errors.New("SNI has names, not addresses (RFC 6066 section 3)")
	case len(name) > mostHostName || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".") || strings.Contains(name, ".."):
		return errors.New("not a host name")
	case strings.ContainsFunc(name, func(r rune) bool { return !plain(r) }):
		return errors.New("not a host name in ASCII")
	}
	return nil
}
