// Package engine makes connections to a testee, as many as it is told to, and
// measures each phase of each: Config -> Prepare -> Run.Do -> stats.Result.
//
// # Shape
//
// A run is a number of loops. A loop is one epoll instance, one goroutine
// locked to one thread, and one CPU that the thread is pinned to. It owns its
// slots, timeouts, buffers, random numbers, clock and recorder; there is no
// lock and no channel in it. Loops meet others twice: they are started together
// (run.go, crew), and their recorders are merged when all have ended
// (stats.Merge). While they run they store a few counters once per wait, each
// loop into a cache line of its own (progress.go), and read one flag that says
// to stop.
//
//	run.go        Prepare and Do: shares of the load, start, merge; the only
//	              file with goroutines and channels, besides host.WithAffinity
//	loop.go       one loop: start, wait, dispatch, expire, until all is done
//	slot.go       a connection's record, and the table of them
//	opening.go    socket to 101: what became true up to phase open's end
//	closing.go    close frame to FIN; how every connection ends (succeed, fail)
//	renew.go      sockets that are kept for the next connection
//	pacer.go      pure: may a connection be started now
//	timeout.go    a queue of deadlines per timeout value: the oldest is first
//	buffer.go     buffers for responses that arrive in pieces
//	source.go     addresses that connections come from, round robin
//	ports.go      local ports, for when many are in use
//	shortage.go   starts that the client could not make, tried again
//	preflight.go  what of the machine will bite the run, told before it
//	cause.go      errno or error -> stats.Cause
//	cost.go       what the process has cost; the Go runtime kept quiet
//	warning.go    warnings as values with a kind
//	*_linux.go    the system calls; unsafe is here and nowhere else
//	host/         what the machine is: affinity, limits, /proc
//
// # A connection
//
// A slot goes through its states in this order; each arrow is a method named
// by what became true.
//
//	free
//	  | start             stamp; attempt: socket unless kept, bind to a source, connect
//	starting              no longer than the attempt; lacking, if it could not be made
//	  |                   epoll add, once the request was tried
//	connecting            passed over when the request went out at once
//	  | connected         stamp: phase connect ends; request is written
//	opening
//	  | responseReceived  parsed as it comes
//	  | opened            stamp: phase open ends; masked close frame is written
//	closing
//	  | framesReceived    data frames, pings and pongs are skipped
//	  | closeReceived     stamp: phase close ends
//	finishing             awaitFIN, unless the FIN came with the close frame
//	  | finReceived       stamp: phase fin and total end; our FIN; the socket is kept, or closed
//	free
//
// From every state but free, fail leads back to free with one cause, and
// closes with an RST. A connection whose two handshakes are complete is a
// success, also when the testee ends TCP by RST or not at all; that is counted
// apart (stats.FinResult). The testee is to close TCP first (RFC 6455 section
// 7.1.1): TIME_WAIT then stays on its side.
//
// A start for which the client lacks a port, a descriptor, memory or its source
// address is not the testee's failure: lacking puts its slot aside, nothing else
// is started for 10 ms, and then tryAgain makes another attempt, until a connect
// timeout has passed since the start. Phase connect is that of the last attempt,
// total has all of it.
//
// The request is tried right after connect(2): on loopback the TCP handshake
// is over by then, and the write proves it. Where a few such writes in a row
// are in vain, the loop waits for EPOLLOUT instead. Only then, or when something
// is left to write, is the socket registered for EPOLLOUT: with the request
// written before, epoll has one event less to report.
//
// Where our FIN is acknowledged at once, as on loopback, the socket stays with its
// slot, is dissolved from the connection that is over, and used for the slot's
// next one: the next connection is as new to the testee as any, but nothing of the
// socket need be made, registered or thrown away. What is kept beyond need is
// closed after a second. renew.go says when none is kept.
//
// A response that is the last valid one with another accept key is not parsed
// (handshake.Memo): the same bytes have the same verdict.
//
// Stamps are read afresh at each of these points (24 ns), before the system
// call that begins a phase: what the kernel does within the call is measured.
// A connection's total begins when the pacer says start. One reading per wait
// serves timeouts only.
//
// # Memory
//
// Everything is allocated by Prepare: slots, queues, histograms, read buffer.
// A run allocates nothing per connection and collects no garbage, and tests
// hold it to that. Slots are as many as the descriptor limit allows, so what
// costs memory is what is used at once: tables are filled from the start and
// the entry released last is taken first; buffers are address space until
// written to. A connection log (Config.Log) is the exception: 16 bytes a connection.
//
// # Rules of the hot path
//
// No allocation, no lock, no channel, no map, no interface call, no defer, no
// error value made: an errno or a sentinel becomes a stats.Cause where it is
// seen. A burst of starts is cut in pieces so that replies do not wait for it.
//
// A system call that cannot sleep is raw. One that may sleep must go through
// the scheduler, or all who need goroutines to stand still would wait for it.
// The exception is epoll_wait, which a signal ends, and the runtime sends one to
// whom it needs to stop: it is raw as well (poller.wait says what that saves).
//
// # Imports
//
// cmd -> engine, engine/host, handshake, stats, bench/testee; bench/cost -> engine/host; bench/pgo ->
// engine, handshake, bench/testee; bench/hostile -> handshake, stats; bench/soak ->
// stats, stats/report; engine -> handshake, stats, x/sys; handshake -> gobwas/ws;
// stats -> hdrhistogram. Nobody imports cmd. TestImportDirections keeps it so.
//
// # Where new things go
//
// A new measurement is a Phase or a Cause, a new output a file in
// stats/report, a new testee a folder in bench/testees. What happens after
// phase open is closing.go's; loop.go knows of none of these.
package engine
