// Package listen opens the listening socket of the testees in Go.
package listen

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"strings"
)

// Serve serves HTTP where On listens. By default net/http would log handshakes that fail.
func Serve(args []string, handler http.Handler) {
	server := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}
	log.Fatal(server.Serve(On(args)))
}

// On listens for connections as a testee's arguments say, and ends the program if that
// fails. They are PORT [FOLDER]: 127.0.0.1:PORT, with TLS if there is a FOLDER with a
// certificate (bench/testees/certificate). A PORT with a slash is the path of a Unix socket.
func On(args []string) net.Listener {
	listener, err := net.Listen(address(args[0]))
	if err != nil {
		log.Fatal(err)
	}
	if len(args) == 1 {
		return listener
	}
	return tls.NewListener(listener, Config(args[1]))
}

func address(port string) (network, address string) {
	if strings.Contains(port, "/") {
		return "unix", port
	}
	return "tcp", "127.0.0.1:" + port
}

// Config has the certificate of the folder. It leaves out HTTP/2, over which net/http cannot
// give the connection away. Tickets, TLS 1.2 and TLS 1.3 are the defaults.
func Config(folder string) *tls.Config {
	certificate, err := tls.LoadX509KeyPair(filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem"))
	if err != nil {
		log.Fatal(err)
	}
	return &tls.Config{
		Certificates:     []tls.Certificate{certificate},
		CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256},
		NextProtos:       []string{"http/1.1"},
	}
}
