package job

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strings"

	"wsperf/engine"
	"wsperf/stats"
)

// readTLS checks the options of wss:// and reads their files. It comes after readTarget.
func (j *Job) readTLS() error {
	if err := j.setTLS(); err != nil || j.tls == nil {
		return err
	}
	return cmp.Or(j.readRoots(), j.readCertificate(), checkKeyLog(j.TLS.KeyLog))
}

// setTLS checks the options of wss://, but not their files, and fills in what was not given.
func (j *Job) setTLS() error {
	if !j.target.secure() {
		return j.refuseTLS()
	}
	j.TLS = withDefaults(j.TLS)
	t := &engine.TLS{
		ServerName: cmp.Or(j.TLS.SNI, serverName(j.target.url.Hostname())), Insecure: j.TLS.Insecure,
		MinVersion: versionOf(j.TLS.Min), MaxVersion: versionOf(j.TLS.Max),
		Protocols: j.TLS.ALPN, ResumePercent: j.TLS.ResumePercent,
	}
	for _, name := range j.TLS.Groups {
		g, known := groupOf(name)
		if !known {
			return fmt.Errorf("--%s %q: %s", nameGroups, Shortened(name), wantGroups())
		}
		t.Groups = append(t.Groups, g.id)
	}
	j.tls = t
	return j.checkVersions()
}

// refuseTLS returns an error if an option of wss:// was given, which would have no effect.
func (j *Job) refuseTLS() error {
	switch name := j.GivenTLS(); {
	case name != "" && j.builtin:
		return fmt.Errorf("--%s is for wss:// only, and without a URL the testee is one of ws://: give a wss:// URL, such as that of wsperf testee --tls", name)
	case name != "":
		return fmt.Errorf("--%s is for wss:// only, and the URL begins with ws://: leave it out, or use wss://", name)
	}
	j.WithoutTLS()
	return nil
}

// withDefaults fills in what was not given.
func withDefaults(t stats.TLSSetup) stats.TLSSetup {
	t.Min, t.Max = cmp.Or(t.Min, leastVersion), cmp.Or(t.Max, mostVersion)
	if len(t.Groups) == 0 {
		t.Groups = defaultGroups()
	}
	t.KeyLog = cmp.Or(t.KeyLog, os.Getenv("SSLKEYLOGFILE"))
	return t
}

// serverName is the host of a URL as certificates have it. The zone has a meaning on this machine only (RFC 6874 section 4).
func serverName(host string) string {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.WithZone("").String()
	}
	return host
}

// checkVersions checks the versions with each other and with the groups.
func (j *Job) checkVersions() error {
	t := &j.TLS
	switch {
	case j.tls.MinVersion > j.tls.MaxVersion:
		return fmt.Errorf("--tls-min %s is above --tls-max %s: must be at most that", t.Min, t.Max)
	case j.tls.MaxVersion < tls.VersionTLS13 && !hasGroupOf12(t.Groups):
		return fmt.Errorf("--%s %s: ML-KEM needs TLS 1.3, and --tls-max is %s: give another group too", nameGroups, strings.Join(t.Groups, ","), t.Max)
	}
	return nil
}

func (j *Job) readRoots() error {
	path := j.TLS.CACert
	if path == "" {
		return nil
	}
	text, err := readPEM(path)
	if err != nil {
		return fmt.Errorf("--%s %s: %w: must be a file with certificates in PEM", nameCACert, path, err)
	}
	j.tls.Roots = x509.NewCertPool()
	if !j.tls.Roots.AppendCertsFromPEM(text) {
		return fmt.Errorf("--%s %s: no certificate in PEM is in it: must have one or more", nameCACert, path)
	}
	return nil
}

func (j *Job) readCertificate() error {
	certPath, keyPath := j.TLS.Cert, j.TLS.Key
	switch {
	case certPath == "" && keyPath == "":
		return nil
	case keyPath == "":
		return fmt.Errorf("--%s needs --%s: a certificate is of no use without its private key", nameCert, nameKey)
	case certPath == "":
		return fmt.Errorf("--%s needs --%s: a private key is of no use without its certificate", nameKey, nameCert)
	}
	cert, err := readPEM(certPath)
	if err == nil {
		err = checkCertificate(cert)
	}
	if err != nil {
		return fmt.Errorf("--%s %s: %w: must be a file with a certificate in PEM", nameCert, certPath, err)
	}
	key, err := readPEM(keyPath)
	if err == nil {
		err = checkKey(key)
	}
	if err != nil {
		return fmt.Errorf("--%s %s: %w: must be a file with a private key in PEM, not encrypted", nameKey, keyPath, err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("--%s %s: %s: must be the key of the certificate in %s", nameKey, keyPath, strings.TrimPrefix(err.Error(), "tls: "), certPath)
	}
	j.tls.Certificates = []tls.Certificate{pair}
	return nil
}

func checkCertificate(text []byte) error {
	found := false
	for block := range blocks(text) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		found = true
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return err
		}
	}
	if !found {
		return errors.New("no certificate in PEM is in it")
	}
	return nil
}

// checkKey says what is wrong in cases in which crypto/tls does not. The names of its blocks are not repeated: the file
// can be any.
func checkKey(text []byte) error {
	for block := range blocks(text) {
		switch {
		case !strings.HasSuffix(block.Type, "PRIVATE KEY"):
		case block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"): // RFC 5958, RFC 1421
			return errors.New("the key is encrypted")
		default:
			return nil
		}
	}
	return errors.New("no private key in PEM is in it")
}

// blocks returns the blocks of a text in PEM (RFC 7468).
func blocks(text []byte) func(yield func(*pem.Block) bool) {
	return func(yield func(*pem.Block) bool) {
		for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
			if !yield(block) {
				return
			}
		}
	}
}

// maxPEM is several times the size of the bundle of all public authorities.
const maxPEM = 4 << 20

func readPEM(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, systemError(err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPEM+1))
	if err == nil && len(text) > maxPEM {
		err = fmt.Errorf("larger than %d MiB", maxPEM>>20)
	}
	return text, systemError(err)
}

// systemError removes the call and the path, which package os adds.
func systemError(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}

// The kinds of warnings of a job.
const (
	WarnKeyLog    engine.WarningKind = "tls_key_log" // secrets are kept
	WarnGroups    engine.WarningKind = "tls_groups"  // too few for some certificates
	WarnProtocols engine.WarningKind = "tls_alpn"    // one that is not HTTP/1.1
)

// Warnings returns what the options entail that their names do not say.
func (j *Job) Warnings() (all []engine.Warning) {
	if !j.target.secure() {
		return nil
	}
	t := &j.TLS
	if t.KeyLog != "" {
		all = append(all, engine.Warning{Kind: WarnKeyLog, Text: fmt.Sprintf("the secrets of all TLS sessions are appended to %s: who can read it can decrypt this run", t.KeyLog)})
	}
	// In TLS 1.2 the curve of an ECDSA certificate must be an offered group too (RFC 8422 section 5.1).
	if t.Min == leastVersion && !slices.Contains(t.Groups, "P-256") {
		all = append(all, engine.Warning{Kind: WarnGroups, Text: fmt.Sprintf("--%s %s without P-256: with TLS 1.2, a testee with an ECDSA P-256 certificate answers "+
			"handshake_failure (RFC 8422 section 5.1): add P-256, or give --tls-min 1.3", nameGroups, strings.Join(t.Groups, ","))})
	}
	if slices.Contains(t.ALPN, "h2") {
		all = append(all, engine.Warning{Kind: WarnProtocols, Text: "--alpn h2: every opening handshake fails if the testee chooses HTTP/2: only HTTP/1.1 is spoken here"})
	}
	return all
}
