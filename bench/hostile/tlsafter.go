package main

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"strings"

	"wsperf/stats"
)

// certificates are refused, except where the client does not verify them.
func certificates() (rows []behaviour) {
	for _, r := range []struct {
		kind, does string
		cause      stats.Cause
		bare       stats.Cause // with --insecure
	}{
		{"expired", "a certificate that has expired", stats.CauseSecureExpired, 0},
		{"early", "a certificate that is not valid yet", stats.CauseSecureExpired, 0},
		{"other-name", "a certificate for other.example", stats.CauseSecureBadName, 0},
		{"no-name", "a certificate for nobody", stats.CauseSecureBadName, 0},
		{"stranger", "a certificate of an unknown authority", stats.CauseSecureUnknownCA, 0},
		{"self-signed", "a certificate that has signed itself", stats.CauseSecureUnknownCA, 0},
		{"usage", "a certificate for e-mail only", stats.CauseSecureBadCertificate, 0},
		{"critical", "a certificate with an unknown critical extension", stats.CauseSecureBadCertificate, 0},
		{"chain-10", "a chain of ten certificates", 0, 0},
		{"chain-cut", "a chain without its intermediate authorities", stats.CauseSecureUnknownCA, 0},
		{"100k", "a certificate of 100 kB", 0, 0},
		{"300k", "a certificate of 300 kB", stats.CauseSecureProtocol, stats.CauseSecureProtocol},
		{"garbage", "500 zero bytes as certificate", stats.CauseSecureBadCertificate, stats.CauseSecureBadCertificate},
		{"other-key", "a signature with a key that is not the certificate's", stats.CauseSecureProtocol, stats.CauseSecureProtocol},
	} {
		do := func(p *peer) { p.polite(p.config(r.kind)) }
		rows = append(rows, secured("cert-"+r.kind, r.does, r.cause, do),
			secured("insecure-"+r.kind, r.does, r.bare, do).by(tlsClient{insecure: true}))
	}
	return rows
}

// versions are TLS versions that the two sides do not have in common.
func versions() []behaviour {
	only := func(version uint16) func(*peer) {
		return func(p *peer) {
			c := p.config("good")
			c.MinVersion, c.MaxVersion = version, version
			p.polite(c)
		}
	}
	return []behaviour{
		secured("version-11", "the testee has TLS 1.1 only", stats.CauseSecureVersion, only(tls.VersionTLS11)),
		secured("version-12", "the testee has TLS 1.2 only", stats.CauseSecureVersion, only(tls.VersionTLS12)).by(tlsClient{min: tls.VersionTLS13}),
		secured("version-13", "the testee has TLS 1.3 only", stats.CauseSecureVersion, only(tls.VersionTLS13)).by(tlsClient{max: tls.VersionTLS12}),
		secured("version-hello", "a ServerHello of TLS 1.2", stats.CauseSecureVersion, answering(hello{})).by(tlsClient{min: tls.VersionTLS13}),
		secured("version-hello-11", "a ServerHello of TLS 1.1", stats.CauseSecureVersion, func(p *peer) {
			c := p.config12()
			p.tap.change = instead(recordHello, func(r []byte) []byte { r = bytes.Clone(r); r[10] = 2; return r })
			p.polite(c)
		}),
		secured("downgrade", "TLS 1.2 though both have TLS 1.3 (RFC 8446 section 4.1.3, downgrade protection)", stats.CauseSecureProtocol, func(p *peer) {
			p.tap.hear = func(b []byte) {
				if i := bytes.Index(b, []byte{0, extVersions, 0, 5, 4, 3, 4, 3, 3}); i >= 0 {
					b[i+6] = 0x7f
				}
				p.tap.hear = nil
			}
			p.polite(p.config("good"))
		}),
	}
}

// alerts are those of RFC 8446 section 6, sent in clear in the handshake, and sealed behind it.
func alerts() []behaviour {
	const secure = stats.CauseSecureAlert
	clear := func(name, does string, cause stats.Cause, b ...byte) behaviour {
		return inFirstPlace("alert-"+name, does, cause, record(typeAlert, b))
	}
	before := func(name, does string, cause stats.Cause, n int, b []byte) behaviour {
		return secured("alert-"+name, does, cause, func(p *peer) {
			p.tap.change = instead(recordHello, func(r []byte) []byte { return append(bytes.Repeat(b, n), r...) })
			p.polite(p.config("good"))
		})
	}
	sealed := func(name, does string, cause stats.Cause, begin func(*peer), b ...byte) behaviour {
		return secured("alert-"+name, does, cause, takenOver(func(p *peer, k *sealer) {
			begin(p)
			p.raw(k.seal(typeAlert, b))
			p.untilClose()
			_ = p.send(closeNormal)
		}))
	}
	nothing, open := func(*peer) {}, func(p *peer) { p.open("") }
	return []behaviour{
		clear("fatal", "the alert handshake_failure for the ClientHello", secure, levelFatal, alertHandshakeFailed),
		clear("version", "the alert protocol_version for the ClientHello", stats.CauseSecureVersion, levelFatal, alertProtocolVersion),
		clear("unknown", "an alert of an unknown number", secure, levelFatal, 255),
		clear("level", "an alert of level 3", stats.CauseSecureProtocol, 3, alertInternalError),
		clear("short", "an alert of one byte", stats.CauseSecureProtocol, levelFatal),
		clear("empty", "an alert of no byte", stats.CauseSecureProtocol),
		before("warning", "a warning before the ServerHello", stats.CauseNone, 1, alert(levelWarning, alertUnrecognized)),
		before("warnings", "100 warnings before the ServerHello", stats.CauseSecureProtocol, 100, alert(levelWarning, alertUnrecognized)),
		sealed("request", "a fatal alert in place of the response", secure, nothing, levelFatal, alertInternalError),
		sealed("open", "a fatal alert behind the response", secure, open, levelFatal, alertInternalError),
		sealed("canceled", "the alert user_canceled in place of the response, and then the response", stats.CauseNone, nothing, levelWarning, alertUserCanceled),
		sealed("closing", "a warning that TLS 1.3 does not have, behind the response", secure, open, levelWarning, alertUnrecognized),
		secured("alert-end", "a fatal alert behind the testee's close frame", stats.CauseNone, takenOver(func(p *peer, k *sealer) {
			p.untilClose()
			_ = p.send(closeNormal)
			p.raw(k.seal(typeAlert, []byte{levelFatal, alertInternalError}))
		})),
		secured("client-certificate", "the testee requires a certificate of the client", secure, func(p *peer) {
			c := p.config("good")
			c.ClientAuth = tls.RequireAnyClientCert
			p.polite(c)
		}),
		secured("client-certificate-12", "the same within TLS 1.2", secure, func(p *peer) {
			c := p.config12()
			c.ClientAuth = tls.RequireAnyClientCert
			p.polite(c)
		}),
	}
}

// updating makes both opening handshakes, and takes over what the peer sends.
func updating(do func(*peer, *sealer)) func(*peer) {
	return takenOver(func(p *peer, k *sealer) { p.open(""); do(p, k) })
}

// update sends a KeyUpdate that asks for one of the client (RFC 8446 section 4.6.3), and data with the new keys.
func (p *peer) update(k *sealer, data string) error {
	updated := k.seal(typeHandshake, message(24, []byte{1}))
	k.update()
	_, err := p.conn.Write(append(updated, k.seal(typeData, []byte(data))...))
	return err
}

// updates send handshake messages and bad records behind the handshake of TLS 1.3.
func updates() []behaviour {
	const protocol = stats.CauseSecureProtocol
	sealed := func(name, does string, cause stats.Cause, f func(k *sealer) []byte) behaviour {
		return secured(name, does, cause, updating(func(p *peer, k *sealer) {
			p.raw(f(k))
			p.awaitCloseFrame()
			_ = p.send(closeNormal)
		}))
	}
	handshakeMessage := func(n int, b []byte) func(*sealer) []byte {
		return func(k *sealer) []byte {
			return repeat(n, func() []byte { return k.sealAll(typeHandshake, b) })
		}
	}
	keys := func(n int, request byte) func(k *sealer) []byte {
		return func(k *sealer) []byte {
			return repeat(n, func() []byte {
				b := k.seal(typeHandshake, message(24, []byte{request}))
				k.update()
				return b
			})
		}
	}
	return []behaviour{
		sealed("update", "a KeyUpdate that asks for one of the client", stats.CauseNone, keys(1, 1)),
		sealed("update-quiet", "a KeyUpdate that asks for none", stats.CauseNone, keys(1, 0)),
		sealed("update-2", "a KeyUpdate that asks for what does not exist", protocol, keys(1, 2)),
		sealed("update-flood", "1000 KeyUpdates", protocol, keys(1000, 1)),
		secured("update-data", "endless KeyUpdates, each with a message of 1 kB behind it", stats.CauseCloseFlood, updating(func(p *peer, k *sealer) {
			for p.update(k, "\x82\x7e\x04\x00"+strings.Repeat("x", 1<<10)) == nil {
			}
		})).within(frameBytes).by(tlsClient{few: true}),
		sealed("ticket-60k", "a ticket of 60 kB", stats.CauseNone, handshakeMessage(1, ticket(60_000))),
		sealed("ticket-64k", "a ticket of 2^16-1 bytes", protocol, handshakeMessage(1, ticket(65_535))),
		sealed("ticket-empty", "an empty ticket", stats.CauseNone, handshakeMessage(1, ticket(0))).or(protocol),
		sealed("tickets", "1000 tickets", protocol, handshakeMessage(1000, ticket(100))),
		sealed("hello-request-13", "a HelloRequest behind the handshake of TLS 1.3", protocol, handshakeMessage(1, message(0, nil))),
		sealed("certificate-request", "a CertificateRequest behind the handshake (RFC 8446 section 4.6.2), which the client did not offer", protocol, handshakeMessage(1, message(13, []byte{0, 0, 0}))),
		sealed("message-unknown", "a message of an unknown type behind the handshake", protocol, handshakeMessage(1, message(99, []byte("oops")))),
		sealed("message-half", "half a KeyUpdate, and then data", protocol, handshakeMessage(1, []byte{24, 0})),
		sealed("record-14-open", "a record of 2^14+257 bytes behind the response", protocol, func(*sealer) []byte { return []byte{typeData, 3, 3, 0x41, 0x01} }),
		sealed("record-clear-open", "a record that is not encrypted, behind the response", protocol, func(*sealer) []byte { return record(typeHandshake, []byte(plainHead)) }),
		sealed("empty-endless", "1000 empty records behind the response", protocol, func(k *sealer) []byte {
			return repeat(1000, func() []byte { return k.seal(typeData, nil) })
		}),
		sealed("record-flip-open", "one bit of a record is wrong, behind the response", protocol, func(k *sealer) []byte {
			b := k.seal(typeData, []byte("\x82\x00"))
			b[len(b)-1] ^= 1
			return b
		}),
		secured("record-flip-end", "one bit of a record is wrong, behind the testee's close frame", stats.CauseNone, updating(func(p *peer, k *sealer) {
			p.awaitCloseFrame()
			_ = p.send(closeNormal)
			b := k.seal(typeData, []byte("x"))
			b[len(b)-1] ^= 1
			p.raw(b)
		})),
	}
}

// ticket is a NewSessionTicket with a ticket of n bytes (RFC 8446 section 4.6.1).
func ticket(n int) []byte {
	body := []byte{0, 0, 0x0e, 0x10, 1, 2, 3, 4, 1, 9} // an hour, an age, a nonce
	body = append(binary.BigEndian.AppendUint16(body, uint16(n)), make([]byte, n)...)
	return message(4, append(body, 0, 0))
}

// afterTLS12 is what comes behind the handshake of TLS 1.2.
func afterTLS12() []behaviour {
	const protocol = stats.CauseSecureProtocol
	sealed := func(name, does string, cause stats.Cause, n int, kind byte, b ...byte) behaviour {
		return secured(name, does, cause, func(p *peer) {
			if p.secure(p.config12()) != nil || p.request() != nil {
				return
			}
			k := p.takeOver12()
			p.raw(repeat(n, func() []byte { return k.seal(kind, b) }))
			p.raw(k.seal(typeData, []byte(p.withAcceptKey(plainHead))))
			p.awaitCloseFrame()
			p.raw(k.seal(typeData, []byte(closeNormal)), k.seal(typeAlert, []byte{levelWarning, alertCloseNotify}))
		})
	}
	return []behaviour{
		sealed("renegotiation", "a HelloRequest before the response: renegotiation (RFC 5246 section 7.4.1.1)", protocol, 1, typeHandshake, message(0, nil)...),
		sealed("renegotiations", "1000 HelloRequests", protocol, 1000, typeHandshake, message(0, nil)...),
		sealed("warning-12", "a warning before the response", stats.CauseNone, 1, typeAlert, levelWarning, alertUnrecognized),
		sealed("warnings-12", "1000 warnings before the response", protocol, 1000, typeAlert, levelWarning, alertUnrecognized),
		sealed("alert-12", "a fatal alert before the response", stats.CauseSecureAlert, 1, typeAlert, levelFatal, alertInternalError),
		sealed("change-12", "change_cipher_spec before the response", protocol, 1, typeChange, 1),
		sealed("empty-12", "an empty record before the response", stats.CauseNone, 1, typeData),
		sealed("finished-12", "a Finished before the response", protocol, 1, typeHandshake, message(20, make([]byte, 12))...),
	}
}

// errNoSession has a testee refuse a ticket.
var errNoSession = errors.New("no session")

// resumptions are with a client that tries to resume a session each time.
func resumptions() []behaviour {
	const protocol = stats.CauseSecureProtocol
	row := func(name, does string, cause stats.Cause, change func(p *peer, c *tls.Config)) behaviour {
		return secured(name, does, cause, func(p *peer) {
			c := p.config("good")
			c.SessionTicketsDisabled = false
			change(p, c)
			p.polite(c)
		}).by(tlsClient{resume: 100, few: true})
	}
	refusing := func(c *tls.Config, n int) {
		c.WrapSession = func(tls.ConnectionState, *tls.SessionState) ([]byte, error) { return make([]byte, n), nil }
		c.UnwrapSession = func([]byte, tls.ConnectionState) (*tls.SessionState, error) { return nil, nil }
	}
	wrong := func(p *peer, _ *tls.Config) {
		p.tap.change = instead(recordHello, func(r []byte) []byte {
			return bytes.Replace(r, extension(41, 0, 0), extension(41, 0, 7), 1)
		})
	}
	return []behaviour{
		row("resumed", "sessions are resumed", stats.CauseNone, func(*peer, *tls.Config) {}),
		row("resumed-12", "sessions are resumed within TLS 1.2", stats.CauseNone, func(_ *peer, c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }),
		row("resume-refused", "tickets, none of which is taken", stats.CauseNone, func(_ *peer, c *tls.Config) { refusing(c, 100) }),
		row("resume-60k", "tickets of 60 kB, none of which is taken", stats.CauseNone, func(_ *peer, c *tls.Config) { refusing(c, 60_000) }),
		row("resume-60k-12", "the same within TLS 1.2", stats.CauseNone, func(_ *peer, c *tls.Config) { refusing(c, 60_000); c.MaxVersion = tls.VersionTLS12 }),
		row("resume-fatal", "the testee ends TCP when it gets a ticket", stats.CauseSecureEOF, func(_ *peer, c *tls.Config) {
			refusing(c, 100)
			c.UnwrapSession = func([]byte, tls.ConnectionState) (*tls.SessionState, error) { return nil, errNoSession }
		}).or(stats.CauseNone),
		// The client drops a session whose resumption fails, and its next handshake is full.
		row("resume-other", "the testee resumes a session that was not offered", protocol, wrong).or(stats.CauseNone),
	}
}
