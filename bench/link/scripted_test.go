package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"

	"wsperf/bench/link/emulator"
	"wsperf/handshake"
)

// scripted starts a testee at the far end that serves every connection with f.
func scripted(t *testing.T, link *emulator.Link, at netip.AddrPort, f func(*peer)) netip.AddrPort {
	t.Helper()
	var listener net.Listener
	err := link.Far.Do(func() (err error) {
		listener, err = net.Listen("tcp", at.String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				f(&peer{c.(*net.TCPConn), bufio.NewReader(c)})
			}()
		}
	}()
	return at
}

// peer is the testee's end of a connection.
type peer struct {
	*net.TCPConn
	r *bufio.Reader
}

// request reads the opening handshake, and returns the response with more headers.
func (p *peer) request(headers string) (response string) {
	request, err := http.ReadRequest(p.r)
	if err != nil {
		return ""
	}
	var key handshake.Key
	var accept [28]byte
	copy(key[:], request.Header.Get("Sec-WebSocket-Key"))
	key.Accept(&accept)
	return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + headers +
		"Sec-WebSocket-Accept: " + string(accept[:]) + "\r\n\r\n"
}

// open does the opening handshake.
func (p *peer) open(headers string) { p.say(p.request(headers)) }

// close does the closing handshake.
func (p *peer) close() {
	p.closeFrame()
	p.say(closeFrame)
}

// closeFrame reads the client's close frame, which is masked and has a code: 8 bytes.
func (p *peer) closeFrame() { _, _ = io.CopyN(io.Discard, p.r, 8) }

// closeFrame has code 1000 (RFC 6455 section 7.4.1).
const closeFrame = "\x88\x02\x03\xe8"

func (p *peer) say(s string) { _, _ = io.WriteString(p, s) }
