package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"wsperf/handshake"
)

func TestCommandLineRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"more":            `unexpected argument "more"`,
		"--refuse -1":     "--refuse must be 0 or more",
		"--accept 1":      "must be 0s to 5s, such as 5ms",
		"--listen nobody": `--listen "nobody": must be an IPv4 address and a port`,
		"--listen [::]:0": "must be an IPv4 address and a port",
	} {
		err := run(t.Context(), strings.Fields(args), strings.NewReader(""), io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", args, err, want)
		}
	}
}

// TestTesteeEnds: the testee ends when its context is cancelled or its input ends.
func TestTesteeEnds(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	open, _ := io.Pipe()
	for name, c := range map[string]struct {
		ctx   context.Context
		stdin io.Reader
	}{"SIGTERM": {cancelled, open}, "end of input": {t.Context(), strings.NewReader("")}} {
		var out strings.Builder
		if err := run(c.ctx, nil, c.stdin, &out); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if text := out.String(); !strings.HasPrefix(text, "listening on 127.0.0.1:") || !strings.Contains(text, `{"accepted":0,`) {
			t.Errorf("%s: it printed %q", name, text)
		}
	}
}

const (
	request = "GET / HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" // the key of RFC 6455 section 1.2
	accept  = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// TestBrokenConnections: each connection that does not go as it should is counted once.
func TestBrokenConnections(t *testing.T) {
	masked := string(handshake.AppendClose(nil, 1000, [4]byte{1, 2, 3, 4}))
	for _, c := range []struct {
		name, first, second string // the second follows the response
		want                counts
	}{
		{"nothing", "", "", counts{Accepted: 1, Broken: 1}},
		{"part of a request", request[:20], "", counts{Accepted: 1, Broken: 1}},
		{"no key", "GET / HTTP/1.1\r\n\r\n", "", counts{Accepted: 1, Broken: 1}},
		{"no close frame", request, "", counts{Accepted: 1, Opened: 1, Broken: 1}},
		{"text in place of a close frame", request, "\x81\x85\x00\x00\x00\x00hello", counts{Accepted: 1, Opened: 1, Broken: 1}},
		{"whole", request, masked, counts{Accepted: 1, Opened: 1, Closed: 1, Ended: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			testee := place{}.startTestee(t)
			if err := exchange(testee.address, c.first, c.second); err != nil {
				t.Error(err)
			}
			if got := testee.end(t).counts; got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// exchange sends both texts and waits for the testee's FIN.
func exchange(address, first, second string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, first); err != nil {
		return err
	}
	if first == request {
		response := make([]byte, len(switching)+len(accept)+4)
		if _, err := io.ReadFull(conn, response); err != nil || string(response) != switching+accept+"\r\n\r\n" {
			return fmt.Errorf("response %q: %w", response, err)
		}
		if _, err := io.WriteString(conn, second); err != nil {
			return err
		}
	}
	if second == "" || second[0] != closeFrame[0] { // otherwise the testee's FIN comes first
		_ = conn.(*net.TCPConn).CloseWrite() // it fails if the testee has ended the connection
	}
	_, _ = io.Copy(io.Discard, conn) // an RST says as much
	return nil
}
