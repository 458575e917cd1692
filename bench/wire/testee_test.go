package wire

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"wsperf/engine/child"
)

// testeeRole is the variable that makes this test program a testee: an address and where its
// responses are cut, such as "127.0.0.1:0 halves".
const testeeRole = "WSPERF_TEST_WIRE_TESTEE"

// apart is how long at least the two segments of the testee's own are apart.
const apart = 300 * time.Microsecond

// testee is a command that listens at an address and prints that as the end of its first
// line.
type testee func(t *testing.T, address string) child.Command

// whole is the built-in testee, which sends a response at once.
func whole(t *testing.T, address string) child.Command {
	return child.Command{Path: programs.Wsperf(t), Args: []string{"wsperf", "testee", "--listen", address + ":0", "--loops", "1", "--exit-on-eof"}}
}

// halves is a testee that sends a response in two segments.
func halves(_ *testing.T, address string) child.Command { return own(address, "halves") }

// greeting is a testee that sends a message after the response.
func greeting(_ *testing.T, address string) child.Command { return own(address, "greeting") }

func own(address, role string) child.Command {
	return child.Command{Path: os.Args[0], Args: []string{"wire"}, Env: append(os.Environ(), testeeRole+"="+address+":0 "+role)}
}

// segmentsOf are the two segments of a testee's own with a response.
var segmentsOf = map[string]func(response string) (first, second string){
	"halves":   func(response string) (string, string) { return response[:len(response)/2], response[len(response)/2:] },
	"greeting": func(response string) (string, string) { return response, "\x81\x05hello" },
}

// start starts a testee and returns its port.
func (l link) start(t *testing.T, command child.Command) (port string) {
	t.Helper()
	command.CPUs = []int{l.farCPU}
	c, err := l.far.Start(command)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.End(stopTimeout) })
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	line, err := c.FirstLine(ctx)
	if err != nil {
		t.Fatalf("testee: %v: %s", err, c.LastWords())
	}
	return line[strings.LastIndex(line, ":")+1:]
}

// serve is the testee's own program. It ends with its standard input.
func serve() {
	address, role, _ := strings.Cut(os.Getenv(testeeRole), " ")
	listener, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("listening on", listener.Addr())
	go func() {
		for {
			if conn, err := listener.Accept(); err == nil {
				go answer(conn, segmentsOf[role])
			}
		}
	}()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// answer performs both handshakes. If it does not, the client's run is not complete.
func answer(conn net.Conn, cut func(string) (string, string)) {
	defer conn.Close()
	input := bufio.NewReader(conn)
	request, err := http.ReadRequest(input)
	if err != nil {
		return
	}
	first, second := cut(responseTo(request.Header.Get("Sec-WebSocket-Key")))
	_, _ = io.WriteString(conn, first)
	time.Sleep(apart)
	_, _ = io.WriteString(conn, second)
	const closeLength = 2 + 4 + 2 // of the client's close frame: header, mask, status code
	if _, err := io.CopyN(io.Discard, input, closeLength); err == nil {
		_, _ = io.WriteString(conn, "\x88\x02\x03\xe8")
	}
}

// responseTo returns the response to a key (RFC 6455 section 4.2.2).
func responseTo(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n"
}
