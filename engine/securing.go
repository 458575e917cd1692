package engine

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"slices"
	"strings"
	"time"

	"wsperf/stats"
)

// This file is the TLS handshake as a state: ClientHello sent to handshake complete (RFC 8446 section 2).

// secure begins the TLS handshake, whose ClientHello is sent or will be when the socket takes it.
func (l *loop) secure(s *slot, nowNs int64) { l.enter(s, stateSecuring, nowNs) }

// securing handles an event of a connection whose TLS handshake goes on.
func (l *loop) securing(s *slot) failure {
	x := l.tls.of[s.index]
	if s.wire.has(wireWritable) {
		if errno := l.sendCiphertext(s, x); errno != 0 {
			return l.lost(s, errno)
		}
	}
	if !s.wire.has(wireReadable) {
		return failure{}
	}
	for {
		_, drained, errno := l.fill(s, x)
		if errno != 0 {
			return l.lost(s, errno)
		}
		if l.tls.step(x) {
			return l.handshaken(s, x)
		}
		if x.mustSend() {
			if errno := l.sendCiphertext(s, x); errno != 0 {
				return l.lost(s, errno)
			}
		}
		if drained {
			return failure{}
		}
	}
}

// handshaken goes on when the handshake is complete, or has failed. Our Finished goes out together with the request.
func (l *loop) handshaken(s *slot, x *session) failure {
	if x.err == nil {
		l.secured(s, x)
		return l.exchange(s)
	}
	_ = l.sendCiphertext(s, x) // an alert, for the testee's log
	l.explain(s, x, x.err)
	if x.cause == stats.CauseSecureProtocol && isItsOwnPeer(s.fd, l.to(s).addr) {
		return failure{cause: stats.CauseConnectRefused}
	}
	return l.cutTLS(s)
}

// secured ends phase secure: the wire can carry the request.
func (l *loop) secured(s *slot, x *session) {
	nowNs := l.clock()
	state := x.conn.ConnectionState()
	phase := stats.PhaseSecure
	if state.DidResume {
		phase = stats.PhaseSecureResumed
	}
	x.secureNs = nowNs - s.phaseNs
	s.reached(phase, nowNs)
	l.recorder(s).Secured(stats.TLSHandshake{
		Version: state.Version, Group: uint16(state.CurveID), Suite: state.CipherSuite,
		Tried: x.tried, Resumed: state.DidResume, HelloRetry: state.HelloRetryRequest,
	})
	l.ready(s, nowNs)
	s.wire |= wireWritable
}

// explain notes the cause of an error of crypto/tls, and what it is about.
func (l *loop) explain(s *slot, x *session, err error) {
	x.cause = secureCause(err)
	if code, is := alertOf(err); is {
		l.recorder(s).Alert(code)
	}
	if isNoTLS(err) && s.state == stateSecuring {
		x.reply = l.tls.lastRead(x)
		return
	}
	x.reply = []byte(describe(err))
}

// isNoTLS reports whether the testee's first bytes are no record.
func isNoTLS(err error) bool {
	header, is := errors.AsType[tls.RecordHeaderError](err)
	return is && strings.HasPrefix(header.Msg, "first record does not look like")
}

// alertProtocolVersion is the alert of a peer that has no version in common with us (RFC 8446 section 6.2).
const alertProtocolVersion = 70

// secureCause returns the cause for an error of crypto/tls.
func secureCause(err error) stats.Cause {
	var refused *errCertificate
	switch {
	case errors.As(err, &refused):
		return certificateCause(refused.error)
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return stats.CauseSecureEOF
	case strings.Contains(err.Error(), "unsupported protocol version"): // crypto/tls has no value for it
		return stats.CauseSecureVersion
	case strings.Contains(err.Error(), "failed to parse certificate"): // nor for this
		return stats.CauseSecureBadCertificate
	}
	switch code, is := alertOf(err); {
	case is && code == alertProtocolVersion:
		return stats.CauseSecureVersion
	case is:
		return stats.CauseSecureAlert
	}
	return stats.CauseSecureProtocol
}

// certificateCause returns the cause for an error of x509.Certificate.Verify.
func certificateCause(err error) stats.Cause {
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &authority):
		return stats.CauseSecureUnknownCA
	case errors.As(err, &name):
		return stats.CauseSecureBadName
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return stats.CauseSecureExpired
	}
	return stats.CauseSecureBadCertificate
}

// alertOf returns the code of the testee's alert that an error tells of (RFC 8446 section 6). crypto/tls does not export its type.
func alertOf(err error) (code uint8, is bool) {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return 0, false
	}
	if v := reflect.ValueOf(op.Err); v.Kind() == reflect.Uint8 {
		return uint8(v.Uint()), true
	}
	return 0, false
}

// describe says in full what is wrong, for a sample.
func describe(err error) string {
	var refused *errCertificate
	if !errors.As(err, &refused) {
		return err.Error()
	}
	c := refused.leaf
	return fmt.Sprintf("%v\nsubject: %v\nissuer: %v\nvalid: %s to %s\nnames: %s", err, c.Subject, c.Issuer,
		c.NotBefore.UTC().Format(time.RFC3339), c.NotAfter.UTC().Format(time.RFC3339), strings.Join(namesOf(c), ", "))
}

func namesOf(c *x509.Certificate) []string {
	names := slices.Clone(c.DNSNames) // crypto/tls shares certificates between connections, and so between loops
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}
