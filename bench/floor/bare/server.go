package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"time"
)

// serve prints where it listens, and serves until the end of input. files are those of certificates and key, or none.
func serve(files []string, input io.Reader, output io.Writer) error {
	config, err := serverConfig(files)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	if _, err := fmt.Fprintln(output, listener.Addr()); err != nil {
		return err
	}
	go acceptAll(listener, config)
	_, err = io.Copy(io.Discard, input)
	return err
}

func acceptAll(listener net.Listener, config *tls.Config) {
	for {
		tcp, err := listener.Accept()
		if err != nil {
			return // it is closed
		}
		go func() {
			defer tcp.Close()
			if err := answer(tcp, config); err != nil {
				fmt.Fprintln(os.Stderr, "bare:", err)
			}
		}()
	}
}

func serverConfig(files []string) (*tls.Config, error) {
	certificate, err := tls.Certificate{}, errUsage
	switch len(files) {
	case 0:
		certificate, err = selfSigned()
	case 2:
		certificate, err = tls.LoadX509KeyPair(files[0], files[1])
	}
	return &tls.Config{
		Certificates: []tls.Certificate{certificate}, CurvePreferences: groups,
		MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13,
	}, err
}

// selfSigned makes a certificate with a key of the kind of wsperf testee's.
func selfSigned() (c tls.Certificate, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return c, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour), DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// servers are the server ends of a process's connections.
type servers struct {
	config *tls.Config
	tcp    net.Conn
	ends   []*end
	more   bool // the batch goes on; the next message does not begin one
	out    []byte
}

func answer(tcp net.Conn, config *tls.Config) error {
	s := &servers{config: config, tcp: tcp}
	for range batch {
		s.ends = append(s.ends, newEnd())
	}
	reader := bufio.NewReaderSize(tcp, 1<<18)
	var in []byte
	for {
		var err error
		if in, err = readMessage(reader, in); errors.Is(err, io.EOF) {
			return nil // the clients have ended
		}
		if err == nil {
			err = s.received(in)
		}
		if err != nil {
			return err
		}
	}
}

func (s *servers) received(message []byte) error {
	parts, n, err := split(message)
	if err != nil {
		return err
	}
	ends := s.ends[:n]
	if !s.more {
		for _, e := range ends {
			e.begin(tls.Server, s.config)
		}
	}
	if s.more, err = step(ends, parts[:n]); err != nil {
		return err
	}
	s.out, err = send(s.tcp, s.out, ends)
	return err
}
