// Command testee is an echo server on gobwas/ws, without net/http, with a
// goroutine per connection.
//
// Usage: testee PORT [FOLDER]
package main

import (
	"log"
	"net"
	"os"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"wsperf/bench/testees/listen"
)

func main() {
	listener := listen.On(os.Args[1:])
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(conn)
	}
}

// serve echoes, and closes TCP when it returns: the server should close it first
// (RFC 6455 section 7.1.1).
func serve(conn net.Conn) {
	defer conn.Close()
	if _, err := ws.Upgrade(conn); err == nil {
		echo(conn)
	}
}

// echo returns when wsutil has answered a close frame: it then returns an error.
func echo(conn net.Conn) {
	for {
		message, op, err := wsutil.ReadClientData(conn)
		if err != nil {
			return
		}
		if err := wsutil.WriteServerMessage(conn, op, message); err != nil {
			return
		}
	}
}
