package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"slices"

	"wsperf/stats"
)

// Extensions of a ServerHello (RFC 8446 section 4.2).
const (
	extVersions = 43
	extCookie   = 44
	extKeyShare = 51
)

func extension(kind uint16, body ...byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, kind)
	return append(binary.BigEndian.AppendUint16(b, uint16(len(body))), body...)
}

// hello is a ServerHello (RFC 8446 section 4.1.3).
type hello struct {
	random     [32]byte
	otherID    bool   // does not echo the session ID
	suite      uint16 // 0: TLS_AES_128_GCM_SHA256
	compress   byte
	extensions []byte
}

// helloRetry is a HelloRetryRequest, known by its random (RFC 8446 section 4.1.3).
func helloRetry(extensions ...[]byte) hello {
	return hello{random: sha256.Sum256([]byte("HelloRetryRequest")), extensions: slices.Concat(append(extensions, tls13)...)}
}

// tls13 says that the version is TLS 1.3.
var tls13 = extension(extVersions, 3, 4)

// answer sends a ServerHello for the ClientHello that was read.
func (p *peer) answer(h hello, clientHello []byte) {
	const id = recordHeader + 4 + 2 + 32 // message header, version, random
	session := slices.Clone(clientHello[id : id+1+int(clientHello[id])])
	if h.otherID {
		session[1] ^= 1
	}
	suite := binary.BigEndian.AppendUint16(nil, cmp.Or(h.suite, tls.TLS_AES_128_GCM_SHA256))
	n := binary.BigEndian.AppendUint16(nil, uint16(len(h.extensions)))
	body := slices.Concat([]byte{3, 3}, h.random[:], session, suite, []byte{h.compress}, n, h.extensions)
	p.raw(record(typeHandshake, message(2, body)))
}

// answering sends these for one ClientHello after the other, and then nothing.
func answering(all ...hello) func(*peer) {
	return func(p *peer) {
		for _, h := range all {
			b, err := p.clientHello()
			if err == nil && b[0] == typeChange { // the client's, behind a HelloRetryRequest
				b, err = p.clientHello()
			}
			if err != nil {
				return
			}
			p.answer(h, b)
		}
		p.silence()
	}
}

// keyShare is an extension with a key for a group. In a HelloRetryRequest there is no key.
func keyShare(group tls.CurveID, key ...byte) []byte {
	body := binary.BigEndian.AppendUint16(nil, uint16(group))
	if key != nil {
		body = append(binary.BigEndian.AppendUint16(body, uint16(len(key))), key...)
	}
	return extension(extKeyShare, body...)
}

// badHellos break RFC 8446 section 4.1.3 or 4.1.4.
func badHellos() []behaviour {
	const protocol = stats.CauseSecureProtocol
	row := func(name, does string, cause stats.Cause, all ...hello) behaviour {
		return secured(name, does, cause, answering(all...))
	}
	share := keyShare(tls.X25519, bytes.Repeat([]byte{9}, 32)...)
	to := func(all ...[]byte) []byte { return slices.Concat(all...) }
	cookie := func(n int) []byte {
		return extension(extCookie, append(binary.BigEndian.AppendUint16(nil, uint16(n)), make([]byte, n)...)...)
	}
	p256 := helloRetry(keyShare(tls.CurveP256))
	return []behaviour{
		row("retry-twice", "two HelloRetryRequests", protocol, p256, p256),
		row("retry-same", "a HelloRetryRequest for the group whose key the client has sent", protocol, helloRetry(keyShare(tls.X25519))),
		row("retry-other", "a HelloRetryRequest for a group that was not offered", protocol, helloRetry(keyShare(tls.CurveP521))),
		row("retry-nothing", "a HelloRetryRequest that asks for nothing", protocol, helloRetry()),
		row("retry-silence", "a HelloRetryRequest, then silence", stats.CauseSecureTimeout, p256).within(secureTimeout),
		row("retry-cookie", "a HelloRetryRequest with a cookie of 60 kB, then silence", stats.CauseSecureTimeout, helloRetry(cookie(60_000))).within(secureTimeout),
		row("hello-id", "another session ID than the client's", protocol, hello{otherID: true, extensions: to(tls13, share)}),
		row("hello-suite", "a cipher suite that was not offered", protocol, hello{suite: tls.TLS_RSA_WITH_RC4_128_SHA, extensions: to(tls13, share)}),
		row("hello-compress", "a compression method", protocol, hello{compress: 1, extensions: to(tls13, share)}),
		row("hello-group", "a key of a group that was not offered", protocol, hello{extensions: to(tls13, keyShare(tls.CurveP521, make([]byte, 133)...))}),
		row("hello-zero", "a key of zeros, which makes the shared secret zero (RFC 7748 section 6.1)", protocol, hello{extensions: to(tls13, keyShare(tls.X25519, make([]byte, 32)...))}),
		row("hello-short", "a key of 5 bytes", protocol, hello{extensions: to(tls13, keyShare(tls.X25519, 1, 2, 3, 4, 5))}),
		row("hello-no-key", "no key", protocol, hello{extensions: tls13}),
		row("hello-version", "version 3.5, which was not offered", stats.CauseSecureVersion, hello{extensions: to(extension(extVersions, 3, 5), share)}),
		inFirstPlace("hello-garbage", "a ServerHello of random bytes", protocol, record(typeHandshake, message(2, bytes.Repeat([]byte("oops"), 20)))),
		inFirstPlace("hello-request", "a HelloRequest in place of the ServerHello", protocol, record(typeHandshake, message(0, nil))),
		inFirstPlace("message-16m", "a handshake message of 2^24-1 bytes", protocol, record(typeHandshake, []byte{2, 0xff, 0xff, 0xff})),
		secured("hello-twice", "two ServerHellos", protocol, func(p *peer) {
			p.tap.change = instead(recordHello, func(r []byte) []byte { return slices.Concat(r, r) })
			p.polite(p.config("good"))
		}),
	}
}

// badFlights break TLS in the encrypted part of the testee's flight.
func badFlights() []behaviour {
	const protocol = stats.CauseSecureProtocol
	// seal replaces the plaintext of a record of the flight.
	seal := func(name, does string, cause stats.Cause, i int, f func(k *sealer, plain []byte) []byte) behaviour {
		return secured(name, does, cause, func(p *peer) {
			p.tap.change = instead(i, func(r []byte) []byte {
				plain := p.handshakeSealer(i).open(r)
				return f(p.handshakeSealer(i), plain)
			})
			p.polite(p.config("good"))
		})
	}
	handshakeMessage := func(b []byte) func(*sealer, []byte) []byte {
		return func(k *sealer, _ []byte) []byte { return k.seal(typeHandshake, b) }
	}
	sealed := func(kind byte, b ...byte) func(*sealer, []byte) []byte {
		return func(k *sealer, _ []byte) []byte { return k.seal(kind, b) }
	}
	return []behaviour{
		seal("bad-finished", "one bit of the testee's Finished is wrong", protocol, recordFinished, func(k *sealer, b []byte) []byte {
			b[len(b)-1] ^= 1
			return k.seal(typeHandshake, b)
		}),
		seal("bad-verify", "one bit of the testee's signature is wrong", protocol, recordVerify, func(k *sealer, b []byte) []byte {
			b[len(b)-1] ^= 1
			return k.seal(typeHandshake, b)
		}),
		seal("no-finished", "a KeyUpdate in place of the testee's Finished", protocol, recordFinished, handshakeMessage(message(24, []byte{0}))),
		seal("no-certificate", "no certificate in the testee's Certificate message", protocol, recordCertificate, handshakeMessage(message(11, []byte{0, 0, 0, 0}))),
		seal("no-verify", "no CertificateVerify", protocol, recordVerify, func(*sealer, []byte) []byte { return nil }),
		seal("early-data", "application data before the testee's Finished", protocol, recordVerify, sealed(typeData, 'x')),
		seal("only-padding", "a record of padding only", protocol, recordExtensions, func(k *sealer, _ []byte) []byte { return k.sealInner(make([]byte, 10)) }),
		seal("alpn", "a protocol that was not offered", protocol, recordExtensions, handshakeMessage(message(8, append([]byte{0, 9}, extension(16, 0, 3, 2, 'h', '2')...)))),
		seal("alert-certificate", "the alert internal_error in place of the certificate", stats.CauseSecureAlert, recordCertificate, sealed(typeAlert, levelFatal, alertInternalError)),
		seal("request-garbage", "a message of an unknown type in place of the certificate", protocol, recordCertificate, handshakeMessage(message(99, []byte("oops")))),
	}
}
