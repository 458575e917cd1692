// Package testee is the built-in testee: a WebSocket server on evio and
// gobwas/ws. It performs the opening handshake, echoes text and binary frames,
// answers ping with pong and close with close, and closes the TCP connection
// first (RFC 6455 section 7.1.1). It serves ws://, or wss:// with crypto/tls.
//
// # Parts
//
//	session.go frames.go refusal.go   the protocol: bytes in, bytes and an outcome out; no socket, no clock
//	tls.go handshaker.go              TLS around a session: ciphertext in, ciphertext and an outcome out; no socket either
//	certificate.go                    the self-signed certificate, and what TLS offers
//	deadline.go                       queues of connections with a deadline
//	loop.go loop_tls.go               an evio server with one loop, and its event handlers
//	server.go control.go              starts and stops the loops
//	config.go limit_linux.go          the configuration, and the limit of connections
//	stall_linux.go output_linux.go    options of sockets that evio does not set, and calls that it does not make
//
// # Loops
//
// Every loop is an evio server of its own, with one loop and its own listening
// socket, and the kernel spreads the connections over the sockets by the hash
// of their addresses (SO_REUSEPORT, socket(7)). An evio server with several loops
// instead has one listening socket in all the epoll sets. Each connection then
// wakes every loop, and a callback cannot tell on which loop it runs, so all state
// outside the connection would need a lock. Here the loops share only the counter
// of open connections.
//
// # TLS
//
// A tls.Conn reads from memory and writes to memory, on the loop. tls.Conn.Read can
// be called again after it lacked input, tls.Conn.Handshake cannot. So the TLS
// handshake runs in a coroutine (iter.Pull), which waits where it lacks input while
// the loop goes on. After the handshake the coroutine is free for another
// connection. A goroutine per connection instead would take as much CPU time, within
// 10 %, but 33 KiB instead of 9 KiB for an open connection, and an acceptor, timeouts
// and a limit of connections besides those of the loops.
//
// The last output is close frame, close_notify and FIN, sent at once; close(2)
// follows the client's FIN or LingerTimeout (output_linux.go). A connection that
// fails in TLS ends with the alert that crypto/tls chooses and FIN. It sends none to
// a client that does not begin with TLS, such as one of ws://.
//
// A silent client costs a descriptor and a slot. A connection within the TLS
// handshake takes about 23 KiB with its coroutine, and up to 64 KiB more if its
// client sends as long a handshake message, which is crypto/tls's limit. An open one
// takes 9 KiB, and after large records 20 KiB more, in which crypto/tls keeps the
// input. HandshakeTimeout is for both handshakes together.
//
// # Defects of evio 1.0.8 and workarounds
//
//   - If accept(2) fails, with EMFILE for example, the server ends without an
//     error. Therefore connections over a limit are closed as soon as they are
//     opened, well before descriptors run out.
//   - Events.Tick leaves a goroutine behind that writes to a descriptor number
//     which another file may have by then. Therefore ticks arrive as bytes on a
//     control connection of each loop (control.go). The end of that connection
//     shuts the loop down.
//   - A shutdown is lost if evio.Serve does not wait for it yet. Therefore none is
//     sent right after the start (settleTime).
//   - A listener's descriptor is closed twice at the end. Therefore loops are
//     stopped one after the other: the second close must not hit a descriptor that
//     another loop has just opened.
//   - While output waits for a client, evio handles nothing else of that
//     connection, so none of the testee's deadlines can end it. It holds a
//     descriptor and at most 128 KiB. The kernel ends it: accepted sockets inherit
//     TCP_USER_TIMEOUT from the listening one (stall_linux.go).
//   - There is no half-close, which TLS needs. Therefore a connection's descriptor
//     is read from a field of evio's by reflection (output_linux.go).
//
// # Limitations
//
//   - The payload of a frame is echoed as it arrives, without waiting for the
//     whole frame or message. Fragments come back as the same fragments, and text
//     is not checked to be UTF-8.
//   - No extension is negotiated. Of the subprotocols offered, the first is selected.
//   - Requests get the checks of gobwas/ws's Upgrader. The key must be 24 bytes
//     long, for example, but need not be base64.
//   - TCP_NODELAY is not set for ws://, so a small frame can wait for the
//     acknowledgement of the one before it (Nagle's algorithm). Handshakes do not
//     wait: each write of the testee answers bytes that acknowledge its previous one.
//     It is set for wss://, where the 101 would wait for that of the session ticket.
//   - Crypto runs on the loop: while it computes a TLS handshake, for some hundred
//     microseconds, the loop's other connections wait. No client certificates, no
//     early data, no OCSP.
package testee
