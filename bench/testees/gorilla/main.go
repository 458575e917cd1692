// Command testee is an echo server on gorilla/websocket and net/http.
//
// Usage: testee PORT [FOLDER]
package main

import (
	"net/http"
	"os"

	"github.com/gorilla/websocket"

	"wsperf/bench/testees/listen"
)

func main() {
	listen.Serve(os.Args[1:], http.HandlerFunc(serve))
}

// serve echoes, and closes TCP when it returns: the library answers a close frame
// but does not close TCP.
func serve(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	echo(conn)
}

func echo(conn *websocket.Conn) {
	for {
		kind, message, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if err := conn.WriteMessage(kind, message); err != nil {
			return
		}
	}
}
