// Command testee echoes on gobwas/ws: no net/http, a goroutine per connection.
//
// Usage: testee PORT
package main

import (
	"log"
	"net"
	"os"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(conn)
	}
}

// serve closes TCP when it returns: after the closing handshake it is the
// server that has to (RFC 6455 section 7.1.1).
func serve(conn net.Conn) {
	defer conn.Close()
	if _, err := ws.Upgrade(conn); err == nil {
		echo(conn)
	}
}

// echo ends when wsutil has answered a close frame, which it reports as an error.
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
