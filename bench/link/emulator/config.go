// Package emulator is a network link with delay, jitter, loss, reordering and a rate, for
// tests and measurements on a kernel without netem. It connects two network namespaces.
// Each has a TUN device, and a thread of this process passes packets between the two.
//
//	New          namespaces and devices made, thread started
//	config.go    what the link does to packets
//	shaper.go    pure: the fate of a packet, and when it is delivered
//	queue.go     pure: packets on their way, by the time of delivery
//	forwarder.go the thread: reads packets, and writes those that are due
//	packet.go    IP and TCP headers; unreachable.go  ICMP answers
//	record.go    what happened to each packet, to compare measurements with
//
// # Precision
//
// The thread sleeps until 80 microseconds before a packet is due and reads the clock
// until it is, because a sleep ends 10 to 60 microseconds late. So on a machine that is
// not busy a packet leaves 1 to 5 microseconds late at the median. Two things add to a
// round trip without being late: the thread has to wake up before it can read a packet,
// and write(2) has the receiver's kernel handle a packet before it returns. Together they
// take 30 to 100 microseconds a round trip on 2 CPUs. Link.Record has the times of each
// packet in and out, so that a measurement can be compared with what really happened.
package emulator

import (
	"fmt"
	"math"
	"net/netip"
	"time"
)

// Config is what the link does. Each of the two directions has its own queue and its own
// random numbers.
type Config struct {
	Delay   time.Duration // one way, 0 to 10 s
	Jitter  time.Duration // added to or subtracted from Delay, uniformly; 0 to Delay; packets stay in order
	Loss    float64       // probability that a packet is lost, 0 to 1
	Reorder float64       // probability that a packet has no delay and overtakes others, 0 to 1

	Rate  int64 // bits a second, 0: unlimited
	Queue int   // bytes that wait for their turn at Rate at most, further packets are dropped; 0: 100 ms of Rate, or 64 KiB if that is more

	MTU  int    // bytes, 68 to 65535; 0: 1500. Below 1280 the link has no IPv6 (RFC 8200 section 5)
	Seed uint64 // of loss, reordering and jitter: the n-th packet of a direction has the same fate

	// Unreachable are addresses for which the far side answers ICMP Destination
	// Unreachable, Host Unreachable (RFC 792), or ICMPv6, Address Unreachable (RFC 4443
	// section 3.1). They must be in the networks of Near and Far.
	Unreachable []netip.Addr
}

// The addresses of the ends of a link, and those of their networks' interfaces.
var (
	Near4 = netip.MustParsePrefix("10.99.0.1/24")
	Near6 = netip.MustParsePrefix("fd99::1/64")
	Far4  = netip.MustParsePrefix("10.99.0.2/24")
	Far6  = netip.MustParsePrefix("fd99::2/64")
)

const (
	maxDelay   = 10 * time.Second
	defaultMTU = 1500
	minMTU     = 68   // RFC 791
	minMTU6    = 1280 // RFC 8200 section 5
	leastQueue = 64 << 10
)

// Validate returns a one-line error for the first field that is out of range.
func (c *Config) Validate() error {
	switch {
	case c.Delay < 0 || c.Delay > maxDelay:
		return fmt.Errorf("delay %v: must be 0 to %v", c.Delay, maxDelay)
	case c.Jitter < 0 || c.Jitter > c.Delay:
		return fmt.Errorf("jitter %v: must be 0 to the delay, %v", c.Jitter, c.Delay)
	case !isProbability(c.Loss):
		return fmt.Errorf("loss %v: must be 0 to 1", c.Loss)
	case !isProbability(c.Reorder):
		return fmt.Errorf("reorder %v: must be 0 to 1", c.Reorder)
	case c.Rate < 0 || c.Rate > 0 && c.Rate < 1000:
		return fmt.Errorf("rate %d bit/s: must be 1000 or more, or 0 for no limit", c.Rate)
	case c.Queue < 0:
		return fmt.Errorf("queue %d bytes: must be 1 or more, or 0 for 100 ms of the rate", c.Queue)
	case c.MTU != 0 && (c.MTU < minMTU || c.MTU > math.MaxUint16):
		return fmt.Errorf("MTU %d: must be %d to %d", c.MTU, minMTU, math.MaxUint16)
	}
	return c.checkUnreachable()
}

func (c *Config) checkUnreachable() error {
	for _, a := range c.Unreachable {
		if !Near4.Contains(a) && !Near6.Contains(a) {
			return fmt.Errorf("unreachable address %v: must be in %v or %v", a, Near4.Masked(), Near6.Masked())
		}
	}
	return nil
}

func isProbability(p float64) bool { return p >= 0 && p <= 1 }

// withDefaults returns the configuration with defaults for fields that are 0.
func (c Config) withDefaults() Config {
	if c.MTU == 0 {
		c.MTU = defaultMTU
	}
	if c.Queue == 0 {
		c.Queue = max(leastQueue, int(min(c.Rate/80, math.MaxInt32)))
	}
	return c
}
