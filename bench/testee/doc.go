// Package testee is the built-in testee: a WebSocket server on evio and
// gobwas/ws. It performs the opening handshake, echoes text and binary frames,
// answers ping with pong and close with close, and closes the TCP connection
// itself (RFC 6455 section 7.1.1).
//
// # Parts
//
//	session.go frames.go refusal.go   bytes in, bytes out, a verdict: no socket, no clock
//	deadline.go                       queues of connections that must get on within a time
//	loop.go                           one evio server with one loop, and what it does at each event
//	server.go control.go              starts and stops the loops
//	config.go limit_linux.go          what can be set, and how many connections there can be
//	stall_linux.go                    the end of clients that do not take what is sent to them
//
// # Loops
//
// Every loop is an evio server of its own, with one loop and its own listening
// socket, and the kernel spreads the connections over the sockets by the hash
// of their addresses (SO_REUSEPORT, socket(7)). evio's own way of several loops
// is one listening socket in all the epoll sets: each connection wakes every
// loop, and no callback can tell on which loop it runs, so that everything
// beside the connection would need a lock. As it is, loops share a counter of
// the open connections and nothing else.
//
// # What of evio 1.0.8 is avoided
//
//   - An accept(2) that fails, with EMFILE for instance, ends the server without
//     an error. So a connection over the limit is closed as soon as it is
//     opened, well before descriptors run out.
//   - Events.Tick leaves a goroutine behind that writes to a descriptor number
//     which may belong to another file by then. So deadlines are kept by ticks
//     that arrive as bytes over a connection of the loop's own (control.go),
//     and the end of that connection is what shuts the loop down.
//   - A shutdown before Serve has begun to wait for it is lost, so none is sent
//     in the first moments (settleTime).
//   - A listener's descriptor is closed twice at the end. So loops are stopped
//     one after the other: the second close must not hit what another loop has
//     just opened.
//   - Output that the client does not take in comes before everything else, so
//     no deadline of ours can end such a connection, which holds a descriptor and
//     at most 128 KiB. The kernel ends it: accepted sockets inherit TCP_USER_TIMEOUT
//     from the listening one (stall_linux.go).
//
// # What it does not do
//
//   - The payload of a frame is echoed as it comes in, without waiting for the
//     whole frame or message: fragments come back as the same fragments, nothing
//     is stored, and text is not checked to be UTF-8.
//   - No extension is agreed upon. Of subprotocols the first one offered is.
//   - What is checked of a request is what gobwas/ws's Upgrader checks: the key
//     must be 24 bytes long, for example, but not be base64.
//   - TCP_NODELAY is not set: a small frame can wait for the acknowledgement of
//     the one before. Handshakes do not suffer: each of the
//     testee's writes answers bytes that acknowledge its last one.
package testee
