// Command testee is an echo server on lxzan/gws and net/http.
//
// Usage: testee PORT
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/lxzan/gws"
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
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], http.HandlerFunc(serve)))
}
