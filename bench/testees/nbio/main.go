// Command testee is an echo server on nbio and its own HTTP server on epoll, with
// GOMAXPROCS pollers.
//
// Usage: testee PORT [FOLDER]
//
// FOLDER has a certificate (bench/testees/certificate); with it the testee serves TLS.
package main

import (
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"

	"github.com/lesismal/llib/std/crypto/tls"
	"github.com/lesismal/nbio/nbhttp"
	"github.com/lesismal/nbio/nbhttp/websocket"
)

func main() {
	upgrader := websocket.NewUpgrader()
	upgrader.CheckOrigin = func(*http.Request) bool { return true }
	upgrader.OnMessage(echo)

	config := nbhttp.Config{
		Network: "tcp",
		Listen:  listen,
		NPoller: runtime.GOMAXPROCS(0),
		IOMod:   nbhttp.IOModNonBlocking,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = upgrader.Upgrade(w, r, nil) // on an error it has sent a response
		}),
	}
	setAddress(&config, os.Args[1:])
	if err := nbhttp.NewEngine(config).Start(); err != nil {
		log.Fatal(err)
	}
	select {} // until the process is killed
}

func setAddress(config *nbhttp.Config, args []string) {
	addresses := []string{"127.0.0.1:" + args[0]}
	if len(args) == 1 {
		config.Addrs = addresses
		return
	}
	config.AddrsTLS, config.TLSConfig = addresses, tlsConfig(args[1])
}

// tlsConfig has the certificate of the folder. Tickets, TLS 1.2 and TLS 1.3 are the defaults.
func tlsConfig(folder string) *tls.Config {
	certificate, err := tls.LoadX509KeyPair(filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem"))
	if err != nil {
		log.Fatal(err)
	}
	return &tls.Config{
		Certificates:     []tls.Certificate{certificate},
		MinVersion:       tls.VersionTLS12,
		CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256},
		NextProtos:       []string{"http/1.1"},
	}
}

// listen ends the program on an error, on which Engine.Start of nbhttp v1.6.8 would
// wait forever.
func listen(network, address string) (net.Listener, error) {
	listener, err := net.Listen(network, address)
	if err != nil {
		log.Fatal(err)
	}
	return listener, nil
}

// echo handles messages. nbio answers close frames and closes TCP itself.
func echo(conn *websocket.Conn, kind websocket.MessageType, message []byte) {
	_ = conn.WriteMessage(kind, message) // on an error nbio closes the connection
}
