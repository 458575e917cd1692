// Probe says what a testee's TLS does: which suite and group it takes, how many tickets it sends,
// whether it resumes sessions, once or more often with a ticket, and what follows its close frame.
// It prints a row for TLS 1.3 and one for TLS 1.2, which are those of bench/testees/README.md:
//
//	TLS=1 bench/testees/with nginx 9443 2 go run ./bench/testees/probe nginx 127.0.0.1:9443
package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("probe", flag.ContinueOnError)
	ca := flags.String("ca", "bench/work/tls/ca.pem", "the `file` with the CA's certificate")
	conns := flags.Int("conns", 200, "make so many connections with full and so many with resumed handshakes")
	patience := flags.Duration("patience", time.Second, "wait so long for a FIN before a close_notify is sent")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 2 {
		return fmt.Errorf("usage: probe [flags] NAME ADDRESS")
	}
	roots, err := rootsIn(*ca)
	if err != nil {
		return err
	}
	for _, version := range []uint16{tls.VersionTLS13, tls.VersionTLS12} {
		t := target{address: flags.Arg(1), roots: roots, version: version}
		o, err := t.observe(*conns, *patience)
		if err != nil {
			return fmt.Errorf("%s: %w", tls.VersionName(version), err)
		}
		fmt.Fprintln(stdout, o.row(flags.Arg(0)))
		fmt.Fprintln(stderr, o.resets(flags.Arg(0)))
	}
	return nil
}

func rootsIn(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate", path)
	}
	return roots, nil
}
