// Package handshake holds the bytes of the opening and closing handshake of
// RFC 6455, seen from the client: the request and its key, the parser of the
// response, and the few frames that a connection without messages needs.
//
// Everything here is pure: no descriptor, no clock, no goroutine. Bytes come in
// as they arrive, in pieces of any size, and the verdict on them never depends
// on how they were cut. What a slot keeps (Key, Parser, FrameReader) has a fixed
// size and no pointers, its zero value is ready, and nothing here allocates once
// the request and the rules are built, but for the few bytes of a frame error.
//
// A Request belongs to one loop. Rules are read only and shared by all.
package handshake
