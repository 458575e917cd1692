package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"wsperf/bench/testee"
)

// tlsOptions are the options of wsperf testee about TLS.
type tlsOptions struct {
	on        bool
	cert, key string
	certOut   string
	tickets   bool
}

func (o *tlsOptions) add(flags *pflag.FlagSet) {
	flags.BoolVar(&o.on, "tls", false, "serve wss://")
	flags.StringVar(&o.cert, "cert", "", "use the certificate in `FILE`, PEM, with its intermediates behind it (default a self-signed one)")
	flags.StringVar(&o.key, "key", "", "its private key is in `FILE`, PEM")
	flags.StringVar(&o.certOut, "cert-out", "", "write the self-signed certificate to `FILE`, PEM, before listening")
	flags.BoolVar(&o.tickets, "tickets", o.tickets, "issue session tickets, with which clients can resume")
}

// check returns an error for options that do not fit together.
func (o *tlsOptions) check(flags *pflag.FlagSet) error {
	for _, name := range []string{"cert", "key", "cert-out", "tickets"} {
		if flags.Changed(name) && !o.on {
			return fmt.Errorf("--%s needs --tls", name)
		}
	}
	switch {
	case flags.Changed("cert") && !flags.Changed("key"):
		return errors.New("--cert needs --key FILE, the certificate's private key")
	case flags.Changed("key") && !flags.Changed("cert"):
		return errors.New("--key needs --cert FILE, the key's certificate")
	case flags.Changed("cert") && flags.Changed("cert-out"):
		return errors.New("--cert-out writes the self-signed certificate: it does not go with --cert")
	}
	return nil
}

// apply reads or makes the certificate.
func (o *tlsOptions) apply(cfg *testee.Config) error {
	if !o.on {
		return nil
	}
	certificate, err := o.certificate(cfg.Listen)
	if err != nil {
		return err
	}
	cfg.TLS = testee.NewTLSConfig(certificate, o.tickets)
	if o.certOut == "" {
		return nil
	}
	if err := os.WriteFile(o.certOut, testee.EncodeCertificate(certificate), 0o644); err != nil {
		return fmt.Errorf("write the certificate: %w", err)
	}
	return nil
}

func (o *tlsOptions) certificate(listen string) (tls.Certificate, error) {
	if o.cert == "" {
		return testee.SelfSigned(listen)
	}
	c, err := tls.LoadX509KeyPair(o.cert, o.key)
	if err != nil {
		return c, fmt.Errorf("certificate %s with key %s: %w", o.cert, o.key, err)
	}
	return c, nil
}
