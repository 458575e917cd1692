// Package interop runs wsperf against real WebSocket servers. Each folder of
// bench/testees has one, with a script that installs its dependencies and builds
// it (install), and one that runs it (start PORT WORKERS). The test needs the
// build tag interop:
//
//	make test-interop
package interop
