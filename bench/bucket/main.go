// Command bucket is a testee with a known capacity. It accepts every connection and answers
// opening handshakes in the order in which they come, each with a token of a bucket that the
// clock fills. So its capacity is the rate of the bucket, as long as that is far below what a
// CPU can do:
//
//	go run ./bench/bucket --listen 127.0.0.1:9010 --rate 3000
package main

import (
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "listen on `ADDRESS:PORT`, IPv4; port 0: a free one")
	rate := flag.Float64("rate", 3000, "answer `N` opening handshakes a second, above 0")
	depth := flag.Float64("depth", 10, "answer `N` at once after a time without any, 1 or more")
	untilEOF := flag.Bool("exit-on-eof", false, "end with the standard input")
	flag.Parse()
	err := run(*listen, bucket{rate: *rate, depth: *depth}, *untilEOF)
	fmt.Fprintln(os.Stderr, "bucket:", err)
	os.Exit(1)
}

// run serves until it fails, or the process ends.
func run(listen string, b bucket, untilEOF bool) error {
	at, err := netip.ParseAddrPort(listen)
	switch {
	case err != nil || !at.Addr().Is4():
		return fmt.Errorf("--listen %q: must be an IPv4 address and a port", listen)
	case !(b.rate > 0 && b.depth >= 1):
		return fmt.Errorf("--rate %v and --depth %v: must be above 0, and 1 or more", b.rate, b.depth)
	}
	s, at, err := newServer(at, b)
	if err != nil {
		return err
	}
	if untilEOF {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin) // an error is an end as well
			os.Exit(0)
		}()
	}
	fmt.Println("listening on", at)
	runtime.LockOSThread() // it has nothing to do with goroutines
	return s.serve()
}
