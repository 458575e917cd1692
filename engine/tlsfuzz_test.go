package engine

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"slices"
	"testing"
	"time"

	"wsperf/stats"
)

// FuzzTLSRecords has a testee's records come to a session in pieces, changed in one byte, and ended too early. The pieces
// decide nothing. What is changed or missing is noticed: it is no success. How a changed byte is noticed can depend on random
// bytes, which are others in the other conversation: with a changed length, they are taken for a record's header.
func FuzzTLSRecords(f *testing.F) {
	testee := newFuzzTestee(f)
	f.Add(true, []byte{}, uint16(0), byte(0), uint16(1<<16-1))
	f.Add(false, []byte{}, uint16(0), byte(0), uint16(1<<16-1))
	f.Add(true, []byte{1}, uint16(130), byte(1), uint16(1<<16-1))         // in an encrypted record
	f.Add(true, []byte{1, 4, 200, 5}, uint16(3), byte(0x80), uint16(900)) // in a record's length
	f.Add(false, []byte{5, 250}, uint16(40), byte(1), uint16(1<<16-1))
	f.Add(true, []byte{7}, uint16(0), byte(0), uint16(400))
	f.Add(true, []byte{3}, uint16(1), byte(0xff), uint16(1<<16-1))
	f.Fuzz(func(t *testing.T, tls13 bool, cuts []byte, at uint16, mask byte, end uint16) {
		harm := harm{at: int(at), mask: mask, end: int(end)}
		whole := testee.talk(t, tls13, nil, harm)
		if pieces := testee.talk(t, tls13, cuts, harm); pieces != whole && (mask == 0 || pieces.success != whole.success) {
			t.Fatalf("whole %+v, in pieces %+v", whole, pieces)
		}
		if undisturbed := whole.came == whole.sent && (mask == 0 || harm.at >= whole.sent); undisturbed != whole.success && !harm.isAllowed() {
			t.Fatalf("%+v of a conversation with %+v", whole, harm)
		}
	})
}

// harm is what happens to the bytes of the testee.
type harm struct {
	at   int  // a byte that is changed
	mask byte // its bits that are
	end  int  // what is before the testee's FIN
}

// isAllowed reports whether the change means nothing: the version in the header of the first record "MUST be ignored"
// (RFC 8446 section 5.1).
func (h harm) isAllowed() bool { return h.at == 1 || h.at == 2 }

// outcome is what a conversation has led to, as the client sees it.
type outcome struct {
	success    bool // all that was to be said was understood
	handshaken bool
	cause      stats.Cause
	sent, came int // bytes of the testee, and those that have come
}

// fuzzTestee speaks TLS in memory. Its messages have the same lengths in each conversation: so have Ed25519's signatures.
type fuzzTestee struct{ config, client *tls.Config }

func newFuzzTestee(t testing.TB) *fuzzTestee {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	names := append(slices.Repeat([]string{"another.testee.example"}, 100), "testee.example") // more than crypto/tls reads at once
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: names, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	y := &TLS{ServerName: "testee.example", Roots: x509.NewCertPool(), MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13, Groups: []tls.CurveID{tls.X25519}}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	y.Roots.AddCert(cert)
	return &fuzzTestee{
		config: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}}, SessionTicketsDisabled: true},
		client: y.config(),
	}
}

// What both sides say behind the handshake.
const (
	fuzzRequest  = "the request"
	fuzzResponse = "the response"
)

// talk lets a session and the testee talk to each other until neither has anything to say.
func (f *fuzzTestee) talk(t *testing.T, tls13 bool, cuts []byte, h harm) outcome {
	t.Helper()
	server := f.config.Clone()
	if !tls13 {
		server.MaxVersion = tls.VersionTLS12
	}
	y := &tlsLayer{}
	defer y.close()
	c, s := &fuzzSide{y: y}, &fuzzSide{y: y}
	c.begin(tls.Client(&c.session, f.client))
	s.begin(tls.Server(&s.session, server))
	wire := fuzzWire{harm: h, cuts: cuts}
	for range 1 << 20 {
		s.serve(c.take())
		wire.sent = append(wire.sent, s.take()...)
		if piece, more := wire.next(); more {
			c.ask(piece, nil)
			continue
		}
		if len(c.session.out) > 0 {
			continue
		}
		return c.conclude(&wire)
	}
	t.Fatal("the conversation does not end")
	return outcome{}
}

// fuzzWire carries what the testee says.
type fuzzWire struct {
	harm
	cuts []byte // lengths of the pieces, again and again; 0: all that is there
	sent []byte
	came int
	n    int // pieces
}

// next returns the next piece.
func (w *fuzzWire) next() (piece []byte, more bool) {
	n := min(len(w.sent), w.end) - w.came
	if n <= 0 {
		return nil, false
	}
	if len(w.cuts) > 0 {
		if length := int(w.cuts[w.n%len(w.cuts)]); length > 0 {
			n = min(n, length)
		}
		w.n++
	}
	piece = append([]byte(nil), w.sent[w.came:w.came+n]...)
	if i := w.at - w.came; i >= 0 && i < n {
		piece[i] ^= w.mask
	}
	w.came += n
	return piece, true
}

// fuzzSide is one side of the conversation.
type fuzzSide struct {
	y *tlsLayer
	session
	got  []byte
	fail error
	said bool
}

func (x *fuzzSide) begin(c *tls.Conn) {
	x.conn, x.task = c, x.y.takeTask()
	x.task.of, x.task.done = &x.session, false
	x.y.step(&x.session)
}

// take returns what the side has to send.
func (x *fuzzSide) take() []byte {
	b := append([]byte(nil), x.out...)
	x.sent(len(b))
	return b
}

// feed gives the side what has come, and reports whether its handshake is over.
func (x *fuzzSide) feed(b []byte, over error) (handshaken bool) {
	x.in, x.over = b, over
	if x.task != nil && !x.y.step(&x.session) {
		return false
	}
	if x.err != nil {
		x.fail = x.err
	}
	return x.fail == nil
}

// read reads all that is there.
func (x *fuzzSide) read() {
	for b := make([]byte, 8); x.fail == nil; {
		n, err := x.conn.Read(b)
		x.got = append(x.got, b[:n]...)
		if n == 0 && err == error(errNoCiphertext) {
			return
		}
		if n == 0 {
			x.fail = err
		}
	}
}

// ask is the client: a request behind the handshake, as the engine sends it.
func (x *fuzzSide) ask(b []byte, over error) {
	if !x.feed(b, over) {
		return
	}
	if !x.said {
		x.said = true
		_, _ = io.WriteString(x.conn, fuzzRequest)
	}
	x.read()
}

// serve is the testee: a response to the request, and close_notify.
func (x *fuzzSide) serve(b []byte) {
	if len(b) == 0 || x.fail != nil || !x.feed(b, nil) {
		return
	}
	if x.read(); string(x.got) == fuzzRequest && !x.said {
		x.said = true
		_, _ = io.WriteString(x.conn, fuzzResponse)
		_ = x.conn.CloseWrite()
	}
}

// conclude ends the conversation: the testee's FIN has come.
func (x *fuzzSide) conclude(w *fuzzWire) outcome {
	o := outcome{sent: len(w.sent), came: w.came}
	notified := x.fail == io.EOF
	if x.fail == nil {
		x.ask(nil, io.EOF)
	}
	o.handshaken = x.conn.ConnectionState().HandshakeComplete
	if o.success = notified && string(x.got) == fuzzResponse; !o.success {
		o.cause = secureCause(x.fail)
	}
	return o
}
