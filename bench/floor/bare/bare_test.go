package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"strings"
	"testing"
)

// startServers returns the port of servers in this process.
func startServers(t *testing.T, files ...string) (port string) {
	t.Helper()
	stdin, stop := io.Pipe()
	lines, stdout := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- serve(files, stdin, stdout) }()
	t.Cleanup(func() {
		stop.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	line, err := bufio.NewReader(lines).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line[strings.LastIndex(line, ":")+1:])
}

// TestHandshakes: as many as are asked for, with a last batch that is not full, and of the kind that is asked for.
func TestHandshakes(t *testing.T) {
	port := startServers(t)
	for _, want := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, resume := range []bool{false, true} {
			old, version := want == tls.VersionTLS12, uint16(0)
			c := clientConfig(old, resume)
			c.VerifyConnection = func(s tls.ConnectionState) error {
				version = s.Version
				return nil
			}
			n, err := connect(port, 2*batch+1, c, resume)
			if n != 2*batch+1 || err != nil || version != want {
				t.Errorf("%s, resume %v: %d handshakes, last with %s, error %v", tls.VersionName(want), resume, n, tls.VersionName(version), err)
			}
		}
	}
}

// TestOtherKindIsRefused: a handshake that was not resumed, or was though it should not be, is no result.
func TestOtherKindIsRefused(t *testing.T) {
	port := startServers(t)
	if _, err := connect(port, 1, clientConfig(false, false), true); err == nil || err.Error() != "session resumed: false, must be true" {
		t.Errorf("no tickets: %v", err)
	}
	if _, err := connect(port, 2*batch, clientConfig(false, true), false); err == nil || err.Error() != "session resumed: true, must be false" {
		t.Errorf("tickets: %v", err)
	}
	c := clientConfig(false, false)
	c.InsecureSkipVerify = false
	if _, err := connect(port, 1, c, false); err == nil || !strings.HasPrefix(err.Error(), "tls: failed to verify certificate") {
		t.Errorf("a handshake that fails: %v", err)
	}
}

func TestMessages(t *testing.T) {
	var wire bytes.Buffer
	if _, err := send(&wire, nil, []*end{{}, {}}); err != nil || wire.Len() > 0 {
		t.Fatalf("%d bytes of ends that have nothing to say, error %v", wire.Len(), err)
	}
	sent, err := send(&wire, nil, []*end{{out: []byte("first")}, {}, {out: []byte("third")}})
	if err != nil {
		t.Fatal(err)
	}
	message, err := readMessage(&wire, nil)
	parts, n, splitErr := split(message)
	if err != nil || splitErr != nil || n != 3 || string(parts[0]) != "first" || len(parts[1]) > 0 || string(parts[2]) != "third" {
		t.Errorf("%d parts %q, errors %v, %v", n, parts[:3], err, splitErr)
	}
	for _, bad := range [][]byte{message[:len(message)-1], message[:2], make([]byte, lengthBytes*(batch+1))} {
		if _, _, err := split(bad); !errors.Is(err, errCut) {
			t.Errorf("message of %d bytes: %v", len(bad), err)
		}
	}
	if _, err := readMessage(bytes.NewReader(sent[:len(sent)-1]), nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("message without its end: %v", err)
	}
}

func TestArguments(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"", "usage: bare -serve [CERTIFICATES KEY], or bare [-2] [-r] PORT HANDSHAKES"},
		{"1 0", `HANDSHAKES "0": must be 1 or more`},
		{"-serve /no/file", "usage: bare -serve [CERTIFICATES KEY], or bare [-2] [-r] PORT HANDSHAKES"},
		{"-serve /no/file /no/key", "open /no/file: no such file or directory"},
		{"1 x", `HANDSHAKES "x": must be 1 or more`},
	} {
		if err := run(strings.Fields(test.args)); err == nil || err.Error() != test.want {
			t.Errorf("%q: %v, want %s", test.args, err, test.want)
		}
	}
}
