// Package handshake implements the client side of the opening and closing
// handshake of RFC 6455 on bytes: the request and its key, the parser of the
// response, and the few frames that a connection without messages needs.
//
// Everything here is pure: no descriptor, no clock, no goroutine. Input may
// arrive in pieces of any size, and the result never depends on where it was
// split. What a slot keeps (Key, Parser, FrameReader) has a fixed size and no
// pointers; a zero Parser and a zero FrameReader are ready. Nothing here
// allocates once the request and the rules are built.
//
// A Request and a Memo belong to one loop each. Rules are read-only and shared
// by all loops.
package handshake
