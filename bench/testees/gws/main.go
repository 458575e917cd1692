// Command testee is an echo server on lxzan/gws and net/http.
//
// Usage: testee PORT [FOLDER]
package main

import (
	"net/http"
	"os"

	"github.com/lxzan/gws"

	"wsperf/bench/testees/listen"
)

// echo handles the events of a connection. gws answers close frames and closes TCP
// itself.
type echo struct{ gws.BuiltinEventHandler }

func (echo) OnPing(conn *gws.Conn, payload []byte) {
	_ = conn.WritePong(payload) // on an error ReadLoop fails too, and returns
}

func (echo) OnMessage(conn *gws.Conn, message *gws.Message) {
	defer message.Close()
	_ = conn.WriteMessage(message.Opcode, message.Bytes())
}

func main() {
	upgrader := gws.NewUpgrader(echo{}, &gws.ServerOption{CheckUtf8Enabled: true})
	serve := func(w http.ResponseWriter, r *http.Request) {
		if conn, err := upgrader.Upgrade(w, r); err == nil {
			go conn.ReadLoop() // the handler returns, so net/http frees its buffers
		}
	}
	listen.Serve(os.Args[1:], http.HandlerFunc(serve))
}
