// Package engine makes connections to a testee, as many as it is told to, and
// measures each phase of each: Config -> Prepare -> Run.Do -> stats.Result.
//
// # Shape
//
// A run is a number of loops. A loop is one epoll instance, one goroutine
// locked to one thread, and one CPU that the thread is pinned to, unless the testee
// is on this machine: then the kernel balances both (host.BatchThread). It owns its
// slots, timeouts, buffers, random numbers, clock and recorder; there is no
// lock and no channel in it. Loops meet others twice: they begin together
// (run.go, threads), and their recorders are merged when all have ended
// (stats.Merge). While they run they publish a few counters once per wait, each
// loop into a cache line of its own (progress.go), and read one flag that says
// to stop.
//
//	gate.go       holds a prepared run until it is to begin
//	run.go        Prepare and Do: parts, start, merge; the loops' threads
//	load.go       the load, and its division into parts
//	pacer.go      pure: may a connection be started now, and when to ask again
//	schedule.go   pure: when the starts of an open loop are due
//	loop.go       one loop: start, wait, dispatch, expire, until all is done
//	state.go      the table of states, and the one function that changes a state
//	slot.go       a connection's record, and the table of them
//	testee.go     what a loop knows of one testee
//	wire.go       the transport: send, receive, ended
//	wire_tls.go   the transport of wss://: the same for what is within TLS records
//	session.go    crypto/tls without a socket: sessions, and coroutines for their handshakes
//	securing.go   TLS handshake: ClientHello to handshake complete; what a failure of TLS is charged to
//	tls.go        how connections are secured; certificates and their verification
//	tickets.go    sessions that can be resumed
//	timing.go     when responses came to this machine, by the kernel's stamps
//	dial.go       from the pacer's start to an established TCP connection
//	shortage.go   starts that the client could not make, deferred and retried
//	exchange.go   an established connection's I/O, whatever its state
//	opening.go    opening handshake: request written to 101 validated
//	closing.go    closing handshake: close frame to close frame
//	ending.go     how every connection ends: FIN, success, failure, release
//	warmup.go     connections that are made before the measured window and left out
//	observer.go   what looks at process and machine in the measured window
//	kernel.go     what the kernel counts for all programs meanwhile
//	machine.go    what the CPUs do meanwhile, and what slows them down
//	testeecost.go what a testee on this machine costs meanwhile
//	hardware.go   what the CPUs' performance counters count meanwhile
//	testeecounters.go  the same for the threads of a testee on this machine
//	profiler.go   lets a program beside the run look at it
//	usage.go      what a loop uses in the measured window
//	intervals.go  a loop's side of the intervals of the result
//	collector.go  the other side: puts the intervals of the loops together
//	loaded.go     the first and the last start, for the rate without the drain
//	kept.go       sockets kept for the next connection of their slot
//	timeout.go    a queue of deadlines per timeout value: the oldest is first
//	stall.go      the loop's own time, without stalls; when a timeout may be charged
//	buffer.go     buffers for responses that arrive in pieces
//	source.go     addresses that connections come from, round robin
//	ports.go      local ports, for when many are in use
//	freeports.go  how many local ports other sockets have left
//	maxopen.go    how many connections can be open at once
//	preflight.go  what on the machine will hamper the run, said before it
//	together.go   the same for several processes, which share the machine
//	warning.go    warnings as values with a kind
//	cause.go      errno or error -> stats.Cause
//	cost.go       what the process has cost; the Go runtime kept quiet
//	*_linux.go    the system calls; unsafe is in them and nowhere else
//	host/         what the machine is: affinity, limits, /proc
//
// # States
//
// A slot is in one of these states. state.go has a row for each: whether it counts
// as in flight, the timeout queue it is in, and the causes that a timeout, a FIN and an
// RST are charged to. loop.enter alone assigns a state, so queue and in-flight number
// always follow. An arrow is a method named by what became true.
//
//	free
//	  | start             stamp; attempt: socket unless kept, bind to a source, connect
//	starting              within an attempt; deferred, if it met a shortage
//	  | dialed            the request is tried, then epoll add
//	connecting            skipped if the request, or the ClientHello, went out at once
//	  | connected         stamp: phase connect ends
//	securing              only with TLS
//	  | secured           stamp: phase secure ends
//	  | ready             request is written
//	opening
//	  | responseReceived  parsed as it comes
//	  | opened            stamp: phase open ends; masked close frame is written
//	closing
//	  | framesReceived    data frames, pings and pongs are skipped
//	  | closeReceived     stamp: phase close ends
//	finishing
//	  | finReceived       stamp: phase fin and total end; our FIN; the socket is kept, or closed
//	free
//
// The handler of an event returns a failure, without a cause while the connection goes
// on. loop.dispatch, the attempts to connect and the timeouts pass a failure with a cause
// to loop.fail, which keeps the reply that shows it and ends the connection with an RST. A
// connection whose two handshakes are complete is a success, also if the testee ends TCP
// by RST or not at all; that is counted apart (stats.FinResult). The testee is to close TCP first (RFC 6455 section
// 7.1.1): TIME_WAIT then stays on its side.
//
// A start for which the client lacks a port, a descriptor, memory or its source
// address is not the testee's failure: deferStart puts its slot aside, nothing else
// is started for 10 ms, and then retry makes another attempt, until a connect
// timeout has passed since the start. Phase connect is that of the last attempt;
// total has all of it.
//
// The request is tried right after connect(2): on loopback the TCP handshake
// is over by then, and the write proves it. If a few such writes in a row find the
// connection not established, the loop waits for EPOLLOUT instead, and tries again
// after 64 connections (trial in testee.go). EPOLLOUT is requested only while the
// request is unsent; otherwise it costs one spurious event.
//
// Where our FIN is acknowledged at once, as on loopback, the socket stays with its
// slot, is dissolved from the connection that is over, and used for the slot's
// next one, which is as new to the testee as any. Sockets that are not needed are
// closed after a second. kept.go says when none is kept.
//
// A response that is the last valid one with another accept key is not parsed
// (handshake.Memo): the same bytes have the same outcome.
//
// Stamps are read afresh at each of these points (24 ns), before the system
// call that begins a phase: what the kernel does within the call is measured. Phase
// connect begins before socket(2) and bind(2). A connection's total begins when the
// pacer meant it to start. A timeout is charged only when all that had arrived at its
// deadline has been read, and a stall of the loop is no part of it (stall.go).
//
// # Lag
//
// A reply waits for its loop if the loop is busy. Of one connection in 61 the kernel stamps
// the response when it comes (SO_TIMESTAMPNS), and what passes until the loop reads it is
// phase lag: 8 us at the median with one in flight on loopback, and 377 us, most of phase
// open, with 64 in flight at full rate. Config.Timestamps can have all responses stamped;
// then phases open and ready end with the stamp; bench/wire compares open with a packet
// capture. A loop also counts how long it sleeps, how long its thread waits for a CPU, and how
// many events a wait returns.
//
// # Cost of the testee
//
// A testee on this machine is the processes that have the socket open that listens at its
// address, and what they fork in the window. Their CPU time is read from the kernel's clocks of
// a process: nanoseconds, with that of threads that have ended. Each sample reads the schedstat
// of each thread as well, for the busiest one and for the wait for a CPU. It takes 10 us for 8
// threads; begin and end take 0.13 ms, the search 1.5 ms, and at most 100 ms on a machine with
// thousands of processes. Nothing is known of a process that gets its connections from another
// one and has no listening socket: the user has to name it.
//
// # Open loop
//
// Load.Stages make starts follow the clock. A schedule says when the next one is due; it
// does not depend on what the testee does, and the pacer hands it out when that time has
// come. A start that cannot be made then, because the loop was busy, stopped, or out of
// slots, is made as soon as it can be and keeps its intended time: phases ready and total
// count from that, and phase late is the delay. Loops share even starts in turn, so more
// loops make no bursts. What is due and not made when starting ends is owed.
//
// A loop sleeps until the next start in epoll_pwait2, which counts nanoseconds, with a timer
// slack of 1 ns (host.SharpenTimers), and not in SCHED_BATCH. On a virtual machine with 2
// CPUs, an idle CPU takes 25 microseconds to wake up at the median, and a start every
// millisecond was late by 26 us at the median and 48 us at q99; with epoll_wait, which
// counts milliseconds, by up to a millisecond. Nothing spins.
//
// # Parts
//
// A load is divided among processes as it is among loops, and again among the loops of each (Load.Part). An open
// loop keeps the curve of the whole: loop j of part i takes start i + N j of the whole, and every N L-th one after that. Together
// they make exactly the starts that a single loop would.
//
// Config.Gate holds a run twice: when each loop waits on its CPU, until shortly before the moment at which it is to begin, and then
// until the moment itself. In between the observers begin, which takes 0.5 to 1.5 ms on an idle machine with 2 CPUs. They count what happens in what is
// left of that short time, but not while the run waits.
//
// # Windows
//
// A run has up to three windows. Connections of the warm-up have a recorder of their own, of
// which only counts are kept; those that end in the loaded window count for its rate. The
// measured window begins where the warm-up ends, by the intended start, and the costs of loops
// and process count from then. The loaded window is from the first measured start to the last.
//
// Intervals divide the measured window. At the end of one, a loop takes the spare recorder
// from its mailbox and puts the filled one in, each with one atomic operation; the collector
// empties the mailboxes every 50 ms at most. What is recorded per connection is the same with
// and without intervals: counts are differences, and histograms are filled from the batch.
//
// # TLS
//
// With wss:// a loop has a tlsLayer, and the functions of wire.go hand over to those of wire_tls.go. Nothing else
// asks for it, but that a connection goes through state securing, so ws:// costs what it did.
//
// A loop runs crypto/tls's own client on its thread, without a goroutine per connection: a tls.Conn has two buffers in place of a
// socket. Only its handshake cannot return in the middle, so it runs in a coroutine of a pool (session.go).
// The handshake needs 2 switches of 0.1 us. After it, crypto/tls is called like a function.
//
// The ClientHello of the next connection, with its key share, is made before the pacer is asked for a start, so no
// phase contains that. Phase secure contains what the client computes between the testee's flight and its own
// Finished: key agreement, and the check of the signature, about 0.15 ms. Finished and request leave together.
//
// A testee's close_notify is answered at once, because some wait for that before they end TCP, and not at all if
// its FIN is there. Where an answer has met a closed socket, answers wait for the FIN in state notified, 20 ms at
// most. TCP ends as without TLS, the testee first.
//
// crypto/tls allocates 160 to 480 objects per connection. The engine adds none, which a test checks, and collects
// garbage in such a run: not to would cost 1.5 times as much (cost.go). Collections, their pauses and their CPU time are in
// the result. A chain of certificates is verified again only when it changes, or after a minute.
//
// Events and starts take up to 0.2 ms each instead of some 10 us, so that fewer are handled at a time.
//
// # Memory
//
// Everything is allocated by Prepare: slots, queues, histograms, read buffer.
// A run allocates nothing per connection and collects no garbage, and tests
// hold it to that. Slots are as many as descriptors, ports and memory allow (maxopen.go), so what
// costs memory is what is used at once: tables are filled from the start and
// the entry released last is taken first; buffers are address space until
// written to. There are three exceptions: TLS, a connection log (Config.Log) takes 16 bytes a
// connection, and intervals take about 5 KB each (stats.Series).
//
// # Rules of the hot path
//
// No allocation, no lock, no channel, no map, no interface call, no defer, no
// error value made: an errno or a sentinel becomes a stats.Cause where it is
// seen. A burst of starts is cut in pieces so that replies do not wait for it. crypto/tls keeps none of these rules.
//
// Every system call of a loop is raw: the scheduler is not told. For calls that cannot
// sleep nothing is lost. epoll_wait sleeps, but a signal ends it, and the runtime sends
// one to a thread that it needs to stop (poller.wait says what that saves).
//
// # Imports
//
// cmd -> engine, engine/child, engine/host, handshake, stats, stats/file, stats/report, stats/require,
// stats/verdict, stats/comparison, stats/page, bench/testee; engine -> engine/host, handshake, stats, x/sys; stats/file,
// stats/require, stats/verdict -> stats; stats/comparison -> stats, stats/require;
// stats/report -> stats, stats/file, stats/require; stats/page -> stats, stats/report, stats/comparison;
// handshake -> gobwas/ws; stats -> hdrhistogram, x/sys.
// cmd, bench/soak, bench/cost and bench/link start their processes with engine/child, a child
// process that does not outlive its parent. Tests make network namespaces with bench/link/netns, and a
// network with bench/link/emulator. Nobody imports cmd. TestImportDirections has the whole table and
// keeps it so.
//
// # Where new things go
//
// A new state is a row of state.go with the methods that lead there, a new transport a
// file beside wire.go, a new measurement a Phase or a Cause, a new output a file in
// stats/report and a row of format.go, one of a comparison the same in stats/comparison, a new plot or
// section of a page a row of contents.go in stats/page, a new bottleneck a rule in stats/verdict, new evidence an
// observer, a new testee a folder in bench/testees, a new engine that carries parts a folder in cmd/internal/launch. None of these touches loop.go beyond a case of dispatch.
package engine
