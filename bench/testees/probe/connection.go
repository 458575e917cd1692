package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"syscall"
	"time"

	"github.com/gobwas/ws"
)

// limit bounds each wait that should not be long.
const limit = 10 * time.Second

type target struct {
	address string
	roots   *x509.CertPool
	version uint16
}

// waits are how long a connection waits before it sends its close_notify.
type waits struct {
	silent   time.Duration // after the close frame, if nothing follows it
	notified time.Duration // after the testee's close_notify, if no FIN follows it
}

// outcome is what was seen in a connection.
type outcome struct {
	state   tls.ConnectionState
	tickets []*tls.ClientSessionState
	end     end
}

// end is what followed the testee's close frame.
type end struct {
	silent   bool // nothing, until our close_notify
	notified bool // the testee's close_notify
	waited   bool // the FIN came only after our close_notify
	reset    bool // RST came in place of FIN
}

// connect makes a connection with both handshakes of WebSocket, and offers the ticket if there is one.
func (t *target) connect(offer *tls.ClientSessionState, p waits) (*outcome, error) {
	plain, err := net.DialTimeout("tcp", t.address, limit)
	if err != nil {
		return nil, err
	}
	defer plain.Close()
	cache := &ticketCache{offer: offer}
	w := &wire{Conn: plain}
	conn := tls.Client(w, &tls.Config{
		ServerName:         "localhost",
		RootCAs:            t.roots,
		MinVersion:         t.version,
		MaxVersion:         t.version,
		CurvePreferences:   []tls.CurveID{tls.X25519, tls.CurveP256},
		NextProtos:         []string{"http/1.1"},
		ClientSessionCache: cache,
	})
	if err := handshakes(conn); err != nil {
		return nil, err
	}
	c := &outcome{state: conn.ConnectionState()}
	if c.end, err = watch(conn, w, p); err != nil {
		return nil, fmt.Errorf("after the close frames: %w", err)
	}
	c.tickets = cache.got
	return c, nil
}

// handshakes returns when the testee's close frame has come.
func handshakes(conn *tls.Conn) error {
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	if err := conn.Handshake(); err != nil {
		return fmt.Errorf("TLS handshake: %w", err)
	}
	buffered, _, err := ws.Dialer{}.Upgrade(conn, &url.URL{Scheme: "wss", Host: "localhost", Path: "/"})
	if err != nil {
		return fmt.Errorf("opening handshake: %w", err)
	}
	if buffered != nil {
		return errors.New("the testee sent a frame with its response")
	}
	frame := ws.MaskFrameInPlace(ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusNormalClosure, "")))
	if err := ws.WriteFrame(conn, frame); err != nil {
		return fmt.Errorf("close frame: %w", err)
	}
	return readClose(conn)
}

func readClose(conn io.Reader) error {
	header, err := ws.ReadHeader(conn)
	if err != nil {
		return fmt.Errorf("the testee's close frame: %w", err)
	}
	if header.OpCode != ws.OpClose || header.Length > ws.MaxControlFramePayloadSize {
		return fmt.Errorf("opcode %d with %d bytes in place of a close frame", header.OpCode, header.Length)
	}
	_, err = io.CopyN(io.Discard, conn, header.Length)
	return err
}

// watch returns when TCP has ended. Our close_notify is an answer (RFC 8446 section 6.1), unless
// the testee waits for it, and is not sent when the FIN is there: it would provoke a RST.
func watch(conn *tls.Conn, w *wire, p waits) (e end, err error) {
	err = within(w, p.silent, func() error { return drain(conn) })
	if errors.Is(err, os.ErrDeadlineExceeded) {
		e.silent, e.waited = true, true
		_ = conn.CloseWrite() // the next read says what is wrong
		err = within(w, limit, func() error { return drain(conn) })
	}
	e.notified = err == nil && !w.ended
	if e.notified && !e.waited {
		err = within(w, p.notified, func() error { return drain(w) })
		e.waited = errors.Is(err, os.ErrDeadlineExceeded)
		if e.waited {
			_ = conn.CloseWrite()
		}
	}
	if e.waited && !w.ended {
		err = within(w, limit, func() error { return drain(w) })
	}
	if errors.Is(err, syscall.ECONNRESET) {
		e.reset, err = true, nil
	}
	return e, err
}

// within calls f with a deadline for its reads; after no time at all it does not call it.
func within(conn net.Conn, d time.Duration, f func() error) error {
	if d == 0 {
		return os.ErrDeadlineExceeded
	}
	if err := conn.SetReadDeadline(time.Now().Add(d)); err != nil {
		return err
	}
	return f()
}

func drain(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

// wire is TCP below TLS. It knows whether FIN has come, which tls.Conn.Read does not tell from a close_notify.
type wire struct {
	net.Conn
	ended bool
}

func (w *wire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	w.ended = w.ended || errors.Is(err, io.EOF)
	return n, err
}

// ticketCache offers one ticket, and keeps those that come.
type ticketCache struct {
	offer *tls.ClientSessionState
	got   []*tls.ClientSessionState
}

func (c *ticketCache) Get(string) (*tls.ClientSessionState, bool) { return c.offer, c.offer != nil }

func (c *ticketCache) Put(_ string, ticket *tls.ClientSessionState) {
	if ticket != nil {
		c.got = append(c.got, ticket)
	}
}
