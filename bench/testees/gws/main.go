// Command testee echoes on lxzan/gws, on net/http.
//
// Usage: testee PORT
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/lxzan/gws"
)

// echo is told by gws what happens to a connection. gws answers close frames
// and closes TCP itself.
type echo struct{ gws.BuiltinEventHandler }

func (echo) OnPing(conn *gws.Conn, payload []byte) {
	_ = conn.WritePong(payload) // ReadLoop meets the same error, and ends
}

func (echo) OnMessage(conn *gws.Conn, message *gws.Message) {
	defer message.Close()
	_ = conn.WriteMessage(message.Opcode, message.Bytes())
}

func main() {
	upgrader := gws.NewUpgrader(echo{}, &gws.ServerOption{CheckUtf8Enabled: true})
	serve := func(w http.ResponseWriter, r *http.Request) {
		if conn, err := upgrader.Upgrade(w, r); err == nil {
			go conn.ReadLoop() // the handler returns: what net/http held of the connection is freed
		}
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], http.HandlerFunc(serve)))
}
