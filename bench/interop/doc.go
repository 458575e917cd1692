// Package interop runs wsperf against real WebSocket servers: each folder of
// bench/testees is one, with a script that installs what it needs (install) and
// one that serves (start PORT WORKERS). The test is built with the tag interop:
//
//	make test-interop
package interop
