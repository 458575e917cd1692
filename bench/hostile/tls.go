package main

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"wsperf/stats"
)

// tlsClient is how wsperf connects to a behaviour of wss://. The zero value offers TLS 1.2 and 1.3, and verifies the
// certificate with the testee's authority.
type tlsClient struct {
	insecure bool
	min, max uint16  // 0: TLS 1.2, TLS 1.3
	resume   float64 // percent
	few      bool    // connections are enough: each costs much
}

// options returns wsperf's options for it, for README.md.
func (c *tlsClient) options() string {
	all := []string{}
	add := func(is bool, option string) {
		if is {
			all = append(all, "`"+option+"`")
		}
	}
	add(c.insecure, "--insecure")
	add(c.min == tls.VersionTLS13, "--tls-min 1.3")
	add(c.max == tls.VersionTLS12, "--tls-max 1.2")
	add(c.resume > 0, "--tls-resume 100%")
	return strings.Join(all, " ")
}

// secured is a row of wss://, on a port of its own.
func secured(name, does string, cause stats.Cause, do func(*peer)) behaviour {
	return behaviour{name: "tls-" + name, does: does, causes: one(cause), place: onAccept, do: do, tls: &tlsClient{}}
}

// within returns the row with another bound.
func (b behaviour) within(limit bound) behaviour { b.bound = limit; return b }

// by returns the row with another client.
func (b behaviour) by(c tlsClient) behaviour { b.tls = &c; return b }

// or returns the row with one more cause.
func (b behaviour) or(c stats.Cause) behaviour {
	b.causes = append(slices.Clone(b.causes), c)
	return b
}

// config returns a configuration for one connection, without tickets.
func (p *peer) config(certificate string) *tls.Config {
	c := &tls.Config{
		Certificates: []tls.Certificate{p.certs.issued[certificate]}, KeyLogWriter: &p.keys, SessionTicketsDisabled: true,
		CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}, // of TLS 1.2
	}
	c.SetSessionTicketKeys([][32]byte{p.certs.ticketKey})
	return c
}

// config12 is config for TLS 1.2.
func (p *peer) config12() *tls.Config {
	c := p.config("good")
	c.MaxVersion = tls.VersionTLS12
	return c
}

// secure makes the TLS handshake. Then the peer speaks within TLS.
func (p *peer) secure(c *tls.Config) error {
	s := tls.Server(&p.tap, c)
	if err := s.Handshake(); err != nil {
		return err
	}
	p.out, p.in = s, bufio.NewReader(s)
	return nil
}

// polite does both handshakes of WebSocket within TLS, and says close_notify.
func (p *peer) polite(c *tls.Config) {
	if p.secure(c) == nil && p.request() == nil {
		p.untilClose()
		_ = p.send(closeNormal)
		p.notify()
	}
}

// notify says close_notify, once the handshake is complete.
func (p *peer) notify() {
	if s, is := p.out.(interface{ CloseWrite() error }); is {
		_ = s.CloseWrite()
	}
}

// raw sends bytes below TLS.
func (p *peer) raw(b ...[]byte) { _, _ = p.conn.Write(slices.Concat(b...)) }

// recordHeader is the length of a record's header: type, version and length (RFC 8446 section 5.1).
const recordHeader = 5

// Types of records (RFC 8446 section 5.1).
const (
	typeChange    = 20 // change_cipher_spec
	typeAlert     = 21
	typeHandshake = 22
	typeData      = 23
)

// Levels and descriptions of alerts (RFC 8446 section 6).
const (
	levelWarning, levelFatal = 1, 2

	alertCloseNotify     = 0
	alertHandshakeFailed = 40
	alertProtocolVersion = 70
	alertInternalError   = 80
	alertUserCanceled    = 90
	alertUnrecognized    = 112 // unrecognized_name
)

// maxFragment is the most that a record carries, in bytes (RFC 8446 section 5.1).
const maxFragment = 1 << 14

// record returns data as a record that is not encrypted, or as several if it is too long for one.
func record(kind byte, data []byte) (all []byte) {
	for first := true; first || len(data) > 0; first = false {
		n := min(len(data), maxFragment)
		all = append(all, kind, 3, 3, byte(n>>8), byte(n))
		all = append(all, data[:n]...)
		data = data[n:]
	}
	return all
}

// alert returns an alert that is not encrypted.
func alert(level, description byte) []byte { return record(typeAlert, []byte{level, description}) }

// message returns a handshake message (RFC 8446 section 4).
func message(kind byte, body []byte) []byte {
	n := len(body)
	return append([]byte{kind, byte(n >> 16), byte(n >> 8), byte(n)}, body...)
}

// tap is the connection below TLS. It can change what the testee sends.
type tap struct {
	*net.TCPConn
	change func(i int, record []byte) (instead []byte, err error) // what is sent for record i; an error ends TLS
	write  func([]byte)                                           // nil: as Write does
	hear   func([]byte)                                           // may change what is read
	hello  []byte                                                 // the first record
	sent   int                                                    // records
	err    error
}

// Write gets whole records from crypto/tls: a flight, or one record.
func (t *tap) Write(b []byte) (int, error) {
	if t.err != nil {
		return 0, t.err
	}
	if t.hello == nil {
		t.hello = slices.Clone(b)
	}
	out := b
	if t.change != nil {
		out = t.changed(b)
	}
	if t.write != nil {
		t.write(out)
		return len(b), nil
	}
	if _, err := t.TCPConn.Write(out); err != nil {
		return 0, err
	}
	return len(b), nil
}

// SetWriteDeadline does nothing: with it, tls.Conn.CloseWrite would have TCP refuse what the peer still sends.
func (t *tap) SetWriteDeadline(time.Time) error { return nil }

func (t *tap) changed(b []byte) (out []byte) {
	for len(b) > 0 && t.err == nil {
		n := recordHeader + int(binary.BigEndian.Uint16(b[3:]))
		instead, err := t.change(t.sent, b[:n])
		out, t.err = append(out, instead...), err
		t.sent++
		b = b[n:]
	}
	return out
}

func (t *tap) Read(b []byte) (int, error) {
	if t.err != nil {
		return 0, t.err
	}
	n, err := t.TCPConn.Read(b)
	if t.hear != nil {
		t.hear(b[:n])
	}
	return n, err
}

// errCut ends TLS where the row has it end.
var errCut = errors.New("cut")

// Records of the testee in TLS 1.3 without tickets, in the order in which they are sent, and of TLS 1.2.
const (
	recordHello = iota
	recordChange
	recordExtensions
	recordCertificate
	recordVerify
	recordFinished
	recordResponse
	recordClose

	record12Change   = 4 // behind ServerHello, Certificate, ServerKeyExchange and ServerHelloDone
	record12Finished = 5
)

// cut ends TLS after so many bytes of record i; -1: all of it.
func cut(i, bytes int) func(int, []byte) ([]byte, error) {
	return func(at int, r []byte) ([]byte, error) {
		switch {
		case at < i:
			return r, nil
		case bytes < 0:
			return r, errCut
		}
		return r[:min(bytes, len(r))], errCut
	}
}

// instead sends something else for record i.
func instead(i int, other func(r []byte) []byte) func(int, []byte) ([]byte, error) {
	return func(at int, r []byte) ([]byte, error) {
		if at == i {
			return other(r), nil
		}
		return r, nil
	}
}
