package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
)

// This file encrypts records that crypto/tls would not send, with the keys that it logs. The cipher is
// AES-128-GCM with SHA-256, which crypto/tls chooses on machines that have instructions for AES.

// keyLog keeps the secrets of a connection by label (tls.Config.KeyLogWriter).
type keyLog struct {
	secrets      map[string][]byte
	clientRandom []byte
}

func (k *keyLog) Write(line []byte) (int, error) {
	fields := strings.Fields(string(line))
	if len(fields) != 3 {
		return len(line), nil
	}
	if k.secrets == nil {
		k.secrets = map[string][]byte{}
	}
	k.clientRandom, _ = hex.DecodeString(fields[1])
	k.secrets[fields[0]], _ = hex.DecodeString(fields[2])
	return len(line), nil
}

// sealer encrypts records of TLS 1.3 (RFC 8446 section 5.2).
type sealer struct {
	secret []byte
	aead   cipher.AEAD
	iv     []byte
	seq    uint64
	p      *peer
}

func newSealer(p *peer, secret []byte) *sealer {
	k := &sealer{p: p}
	k.use(secret)
	return k
}

// use begins with a traffic secret (RFC 8446 section 7.3).
func (k *sealer) use(secret []byte) {
	k.secret, k.seq = secret, 0
	k.aead = newGCM(expand(secret, "key", 16))
	k.iv = expand(secret, "iv", 12)
}

// update goes on with the next keys, as after a KeyUpdate (RFC 8446 section 7.2).
func (k *sealer) update() { k.use(expand(k.secret, "traffic upd", sha256.Size)) }

// newGCM returns nil if there is no key: the cipher is another one, and the row fails.
func newGCM(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil
	}
	return aead
}

// expand is HKDF-Expand-Label with an empty context (RFC 8446 section 7.1).
func expand(secret []byte, label string, n int) []byte {
	label = "tls13 " + label
	info := string([]byte{byte(n >> 8), byte(n), byte(len(label))}) + label + "\x00"
	key, err := hkdf.Expand(sha256.New, secret, info, n)
	if err != nil {
		return nil
	}
	return key
}

func (k *sealer) nonce() []byte {
	nonce := slices.Clone(k.iv)
	for i, b := range binary.BigEndian.AppendUint64(nil, k.seq) {
		nonce[4+i] ^= b
	}
	k.seq++
	return nonce
}

// seal returns data as an encrypted record of that kind.
func (k *sealer) seal(kind byte, data []byte) []byte {
	return k.sealInner(append(slices.Clone(data), kind))
}

// sealInner encrypts a TLSInnerPlaintext: data, kind and padding.
func (k *sealer) sealInner(inner []byte) []byte {
	n := len(inner) + k.aead.Overhead()
	header := []byte{typeData, 3, 3, byte(n >> 8), byte(n)}
	return append(header, k.aead.Seal(nil, k.nonce(), inner, header)...)
}

// sealAll returns data as so many records as it takes.
func (k *sealer) sealAll(kind byte, data []byte) (all []byte) {
	for part := range slices.Chunk(data, maxFragment) {
		all = append(all, k.seal(kind, part)...)
	}
	return all
}

// open decrypts a record that crypto/tls has made, and steps on like seal.
func (k *sealer) open(r []byte) []byte {
	inner, err := k.aead.Open(nil, k.nonce(), r[recordHeader:], r[:recordHeader])
	if err != nil || len(inner) == 0 {
		return nil
	}
	return inner[:len(inner)-1]
}

// Write sends data as the peer's, encrypted.
func (k *sealer) Write(b []byte) (int, error) {
	if _, err := k.p.conn.Write(k.sealAll(typeData, b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// CloseWrite says close_notify.
func (k *sealer) CloseWrite() error {
	_, err := k.p.conn.Write(k.seal(typeAlert, []byte{levelWarning, alertCloseNotify}))
	return err
}

// takeOver has the peer send what it seals, once the handshake of TLS 1.3 is complete.
func (p *peer) takeOver() *sealer {
	k := newSealer(p, p.keys.secrets["SERVER_TRAFFIC_SECRET_0"])
	p.out = k
	return k
}

// handshakeSealer has the keys of the testee's flight, at record i of it: its sequence numbers begin behind change_cipher_spec.
func (p *peer) handshakeSealer(i int) *sealer {
	k := newSealer(p, p.keys.secrets["SERVER_HANDSHAKE_TRAFFIC_SECRET"])
	k.seq = uint64(i - recordExtensions)
	return k
}

// sealer12 encrypts records of TLS 1.2 (RFC 5288 section 3).
type sealer12 struct {
	aead cipher.AEAD
	salt []byte
	seq  uint64
}

// takeOver12 returns a sealer for what follows the testee's Finished, the first encrypted record.
func (p *peer) takeOver12() *sealer12 {
	const random, randomBytes = 11, 32 // in the record of the ServerHello
	seed := slices.Concat([]byte("key expansion"), p.tap.hello[random:random+randomBytes], p.keys.clientRandom)
	block := prf(p.keys.secrets["CLIENT_RANDOM"], seed, 2*16+2*4) // the client's key, the server's, and their salts
	return &sealer12{aead: newGCM(block[16:32]), salt: block[36:40], seq: 1}
}

// prf is P_SHA256 (RFC 5246 section 5).
func prf(secret, seed []byte, n int) (out []byte) {
	hash := func(b ...[]byte) []byte {
		h := hmac.New(sha256.New, secret)
		h.Write(slices.Concat(b...))
		return h.Sum(nil)
	}
	for a := hash(seed); len(out) < n; a = hash(a) {
		out = append(out, hash(a, seed)...)
	}
	return out[:n]
}

func (k *sealer12) seal(kind byte, data []byte) []byte {
	explicit := binary.BigEndian.AppendUint64(nil, k.seq)
	k.seq++
	with := append(slices.Clone(explicit), kind, 3, 3, byte(len(data)>>8), byte(len(data)))
	return record(kind, k.aead.Seal(explicit, append(slices.Clone(k.salt), explicit...), data, with))
}
