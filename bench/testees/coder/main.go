// Command testee echoes on coder/websocket, on net/http.
//
// Usage: testee PORT
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	"github.com/coder/websocket"
)

func main() {
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], http.HandlerFunc(serve)))
}

// serve ends when the library has answered a close frame: it closes TCP itself.
// CloseNow is for the other ends, and must not wait for a peer that is gone.
func serve(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // any Origin
	if err != nil {
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 24) // bytes: the default of 32 KiB is less than the other testees echo
	echo(r.Context(), conn)
}

func echo(ctx context.Context, conn *websocket.Conn) {
	for {
		kind, message, err := conn.Read(ctx)
		if err != nil {
			return
		}
		if err := conn.Write(ctx, kind, message); err != nil {
			return
		}
	}
}
