// Command bare makes TLS handshakes with crypto/tls alone: client and server have memory in place of sockets. What it
// costs is crypto/tls's part of a client of wss://. The other part is about what a handshake costs over ws://.
//
//	bare -serve [CERTIFICATES KEY]
//	bare [-2] [-r] PORT HANDSHAKES
//
// -serve is the servers, in a process of their own: it prints its port, and serves until the end of its standard input. So
// the CPU time of the other process is the clients' alone, with all garbage collection that they cause, and getrusage(2) is exact. It
// prints the number of its handshakes. The certificates are a self-signed one, or those in a file (PEM), the key of the first in another.
//
// The two exchange what 64 connections have to say in one message over one TCP connection, which costs a connection a
// 64th of two or three system calls.
//
// By default all handshakes are full ones of TLS 1.3. -2: TLS 1.2. -r: resume sessions, of which one full handshake before all others
// gets the first; it is not counted. Groups, suites, and how much garbage may gather are wsperf's, and the chain is
// not verified.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
)

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: bare -serve [CERTIFICATES KEY], or bare [-2] [-r] PORT HANDSHAKES")

func run(args []string) error {
	f := flag.NewFlagSet("bare", flag.ContinueOnError)
	server := f.Bool("serve", false, "serve on a free port until the end of standard input")
	old := f.Bool("2", false, "TLS 1.2")
	resume := f.Bool("r", false, "resume sessions")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *server {
		return serve(f.Args(), os.Stdin, os.Stdout)
	}
	if f.NArg() != 2 {
		return errUsage
	}
	n, err := strconv.Atoi(f.Arg(1))
	if err != nil || n < 1 {
		return fmt.Errorf("HANDSHAKES %q: must be 1 or more", f.Arg(1))
	}
	made, err := connect(f.Arg(0), n, clientConfig(*old, *resume), *resume)
	if err != nil {
		return err
	}
	fmt.Println(made)
	return nil
}
