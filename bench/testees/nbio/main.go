// Command testee is an echo server on nbio and its own HTTP server on epoll, with
// GOMAXPROCS pollers.
//
// Usage: testee PORT
package main

import (
	"log"
	"net"
	"net/http"
	"os"
	"runtime"

	"github.com/lesismal/nbio/nbhttp"
	"github.com/lesismal/nbio/nbhttp/websocket"
)

func main() {
	upgrader := websocket.NewUpgrader()
	upgrader.CheckOrigin = func(*http.Request) bool { return true }
	upgrader.OnMessage(echo)

	engine := nbhttp.NewEngine(nbhttp.Config{
		Network: "tcp",
		Addrs:   []string{"127.0.0.1:" + os.Args[1]},
		Listen:  listen,
		NPoller: runtime.GOMAXPROCS(0),
		IOMod:   nbhttp.IOModNonBlocking,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = upgrader.Upgrade(w, r, nil) // on an error it has sent a response
		}),
	})
	if err := engine.Start(); err != nil {
		log.Fatal(err)
	}
	select {} // until the process is killed
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
