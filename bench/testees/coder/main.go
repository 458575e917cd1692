// Command testee is an echo server on coder/websocket and net/http.
//
// Usage: testee PORT [FOLDER]
package main

import (
	"context"
	"net/http"
	"os"

	"github.com/coder/websocket"

	"wsperf/bench/testees/listen"
)

func main() {
	listen.Serve(os.Args[1:], http.HandlerFunc(serve))
}

// serve echoes until the library has answered a close frame and closed TCP.
// CloseNow closes after any other error, without waiting for a peer that may be gone.
func serve(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // any Origin
	if err != nil {
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 24) // bytes; the default of 32 KiB is below the 1 MiB of the other testees
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
