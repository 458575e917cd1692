package main

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"io"
	"slices"
	"strings"

	"wsperf/stats"
)

// allowedTLS is what RFC 8446 and RFC 5246 allow, or what the client has to bear.
func allowedTLS() []behaviour {
	with := func(change func(p *peer, c *tls.Config)) func(*peer) {
		return func(p *peer) {
			c := p.config("good")
			change(p, c)
			p.polite(c)
		}
	}
	plain := with(func(*peer, *tls.Config) {})
	ask := func(_ *peer, c *tls.Config) { c.ClientAuth = tls.RequestClientCert }
	return []behaviour{
		secured("plain", "both handshakes within TLS 1.3, and close_notify", stats.CauseNone, plain),
		secured("plain-12", "the same within TLS 1.2", stats.CauseNone, plain).by(tlsClient{max: tls.VersionTLS12}),
		secured("hello-retry", "HelloRetryRequest: the testee has P-256 only", stats.CauseNone, with(func(_ *peer, c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.CurveP256} })),
		secured("asks", "the testee asks for a certificate of the client, and does without", stats.CauseNone, with(ask)),
		secured("asks-12", "the same within TLS 1.2", stats.CauseNone, with(ask)).by(tlsClient{max: tls.VersionTLS12}),
		secured("bytewise", "one byte in each segment", stats.CauseNone, with(func(p *peer, _ *tls.Config) {
			p.tap.write = func(b []byte) {
				for i := range b {
					_, _ = p.conn.Write(b[i : i+1])
				}
			}
		})),
		secured("bytewise-records", "the ServerHello in records of one byte", stats.CauseNone, with(func(p *peer, _ *tls.Config) {
			p.tap.change = instead(recordHello, func(r []byte) []byte { return slices.Concat(bytewise(r)...) })
		})),
		secured("padding", "16 kB of padding in the records of response and close frame (RFC 8446 section 5.4)", stats.CauseNone, takenOver(func(p *peer, k *sealer) {
			p.out = padded{k}
			p.untilClose()
			_ = p.send(closeNormal)
		})).by(tlsClient{few: true}),
		secured("empty-records", "ten empty records before the response", stats.CauseNone, takenOver(func(p *peer, k *sealer) {
			p.raw(repeat(10, func() []byte { return k.seal(typeData, nil) }))
			p.untilClose()
			_ = p.send(closeNormal)
		})),
		secured("changes", "ten change_cipher_spec records in the testee's flight (RFC 8446 appendix D.4)", stats.CauseNone, with(func(p *peer, _ *tls.Config) {
			p.tap.change = instead(recordChange, func(r []byte) []byte { return bytes.Repeat(r, 10) })
		})),
	}
}

// padded sends each byte in a record of its own that is full of padding.
type padded struct{ k *sealer }

func (w padded) Write(b []byte) (int, error) {
	for _, one := range b {
		inner := make([]byte, maxFragment)
		inner[0], inner[1] = one, typeData
		w.k.p.raw(w.k.sealInner(inner))
	}
	return len(b), nil
}

func (w padded) CloseWrite() error { return w.k.CloseWrite() }

// repeat returns n results of f, one behind the other.
func repeat(n int, f func() []byte) (all []byte) {
	for range n {
		all = append(all, f()...)
	}
	return all
}

// takenOver makes the TLS handshake and reads the request. What comes behind that is sealed here, with close_notify at the end.
func takenOver(do func(*peer, *sealer)) func(*peer) {
	return speaking(func(p *peer) {
		if p.request() != nil {
			return
		}
		do(p, p.takeOver())
		p.notify()
	})
}

// inFirstPlace sends bytes when the ClientHello has come, or before it, and then nothing.
func inFirstPlace(name, does string, cause stats.Cause, b []byte) behaviour {
	return secured(name, does, cause, func(p *peer) {
		if _, err := p.clientHello(); err == nil {
			p.raw(b)
			p.silence()
		}
	})
}

// clientHello reads the ClientHello, and returns its record.
func (p *peer) clientHello() ([]byte, error) {
	header := make([]byte, recordHeader)
	if _, err := io.ReadFull(p.in, header); err != nil {
		return nil, err
	}
	body := make([]byte, binary.BigEndian.Uint16(header[3:]))
	_, err := io.ReadFull(p.in, body)
	return append(header, body...), err
}

// noTLS is what comes from ports that do not speak TLS.
func noTLS() []behaviour {
	const protocol = stats.CauseSecureProtocol
	return []behaviour{
		inFirstPlace("text", "an HTTP response without TLS", protocol, []byte("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")),
		secured("smtp", "a mail server's banner", protocol, func(p *peer) { p.raw([]byte("220 mail.example ESMTP\r\n")); p.silence() }),
		secured("text-fin", "four letters, and FIN: less than a record's header", stats.CauseSecureEOF, func(p *peer) { p.raw([]byte("oops")) }),
		inFirstPlace("zeros", "64 KiB of zero bytes", protocol, make([]byte, 64<<10)),
		inFirstPlace("ones", "64 KiB of 0xff", protocol, bytes.Repeat([]byte{0xff}, 64<<10)),
		inFirstPlace("ssl2", "a ServerHello of SSL 2", protocol, []byte("\x80\x0b\x04\x00\x01\x00\x02\x00\x00\x00\x00\x00\x00")),
		secured("echo", "the client's own ClientHello", protocol, func(p *peer) {
			hello, _ := p.clientHello()
			p.raw(hello)
			p.silence()
		}),
		secured("endless", "100 MB of garbage", protocol, func(p *peer) { p.stream(strings.Repeat("garbage ", 8<<10), hugeBytes) }),
	}
}

// badRecords break RFC 8446 section 5.1 in place of the ServerHello, or behind it.
func badRecords() []behaviour {
	const protocol = stats.CauseSecureProtocol
	first := func(name, does string, b ...byte) behaviour { return inFirstPlace(name, does, protocol, b) }
	change := record(typeChange, []byte{1})
	behind := func(name, does string, b []byte) behaviour {
		return secured(name, does, protocol, func(p *peer) {
			p.tap.change = instead(recordChange, func([]byte) []byte { return b })
			p.polite(p.config("good"))
		})
	}
	return []behaviour{
		first("record-type", "a record of type 99", 99, 3, 3, 0, 1, 0),
		first("record-version", "a record of version 16.0", typeHandshake, 16, 0, 0, 1, 0),
		first("record-long", "a record of 2^14+2049 bytes", typeHandshake, 3, 3, 0x48, 0x01),
		first("record-64k", "a record of 2^16-1 bytes", typeHandshake, 3, 3, 0xff, 0xff),
		first("record-empty", "an empty handshake record", typeHandshake, 3, 3, 0, 0),
		first("record-data", "application data before the ServerHello", record(typeData, []byte("hello"))...),
		first("record-change", "change_cipher_spec before the ServerHello", change...),
		behind("record-14", "a record of 2^14+257 bytes behind a ServerHello of TLS 1.3", []byte{typeData, 3, 3, 0x41, 0x01}),
		behind("record-clear", "application data that is not encrypted, behind the ServerHello", record(typeData, []byte(plainHead))),
		behind("changes-endless", "200 change_cipher_spec records in the testee's flight", bytes.Repeat(change, 200)),
		behind("change-other", "a change_cipher_spec record of value 2", record(typeChange, []byte{2})),
		secured("record-flip", "one bit of an encrypted record is wrong", protocol, func(p *peer) {
			p.tap.change = instead(recordVerify, func(r []byte) []byte { r = slices.Clone(r); r[20] ^= 1; return r })
			p.polite(p.config("good"))
		}),
		secured("record-twice", "an encrypted record twice", protocol, func(p *peer) {
			p.tap.change = instead(recordExtensions, func(r []byte) []byte { return slices.Concat(r, r) })
			p.polite(p.config("good"))
		}),
		secured("record-lost", "an encrypted record is missing", protocol, func(p *peer) {
			p.tap.change = instead(recordExtensions, func([]byte) []byte { return nil })
			p.polite(p.config("good"))
		}),
	}
}
