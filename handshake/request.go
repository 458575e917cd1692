package handshake

import (
	"bytes"
	"strings"
)

// Header is one extra header of the request.
type Header struct{ Name, Value string }

// RequestConfig describes the request of the opening handshake.
type RequestConfig struct {
	Host         string   // value of the Host header, without a default port: see HostHeader
	Target       string   // origin-form: path and query, e.g. "/chat?x=1"; "": "/"
	Origin       string   // "": no Origin header
	Subprotocols []string // in order of preference; none: no such header
	Headers      []Header // extra ones, in order; Host replaces the field above, Origin fills it if it is empty
}

// Request is the opening handshake as bytes, with a place for the key. It
// belongs to one loop: each takes its own Clone.
type Request struct {
	bytes []byte
	keyAt int // where the key begins in bytes
}

// NewRequest builds the request of the opening handshake (RFC 6455 section 4.1). It
// refuses control characters, syntax that RFC 7230 or RFC 6455 forbids, and extra
// headers that belong to the handshake itself. The error is one line that says what
// is wrong and what is allowed.
func NewRequest(c RequestConfig) (*Request, error) {
	c, err := c.normalized()
	if err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	return c.build(), nil
}

// Clone returns a copy that shares no bytes with r.
func (r *Request) Clone() *Request {
	return &Request{bytes: bytes.Clone(r.bytes), keyAt: r.keyAt}
}

// WithKey puts k into the request and returns all of its bytes. They are valid until
// the next call and must not be changed.
func (r *Request) WithKey(k *Key) []byte {
	copy(r.bytes[r.keyAt:], k[:])
	return r.bytes
}

// Len returns the length of the request in bytes.
func (r *Request) Len() int { return len(r.bytes) }

// build renders the checked configuration. Until WithKey is called, the key is that
// of 16 zero bytes, so that the request is complete.
func (c *RequestConfig) build() *Request {
	var b bytes.Buffer
	b.WriteString("GET " + c.Target + " HTTP/1.1\r\n")
	writeHeader(&b, "Host", c.Host)
	writeHeader(&b, "Upgrade", "websocket")
	writeHeader(&b, "Connection", "Upgrade")
	var key Key
	key.Set(new([16]byte))
	writeHeader(&b, "Sec-WebSocket-Key", string(key[:]))
	keyAt := b.Len() - len("\r\n") - len(key)
	writeHeader(&b, "Sec-WebSocket-Version", "13")
	c.writeOptional(&b)
	b.WriteString("\r\n")
	return &Request{bytes: b.Bytes(), keyAt: keyAt}
}

func (c *RequestConfig) writeOptional(b *bytes.Buffer) {
	if c.Origin != "" {
		writeHeader(b, "Origin", c.Origin)
	}
	if len(c.Subprotocols) > 0 {
		writeHeader(b, "Sec-WebSocket-Protocol", strings.Join(c.Subprotocols, ", "))
	}
	for _, h := range c.Headers {
		writeHeader(b, h.Name, h.Value)
	}
}

func writeHeader(b *bytes.Buffer, name, value string) {
	b.WriteString(name + ": " + value + "\r\n")
}
