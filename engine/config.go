package engine

import (
	"fmt"
	"math"
	"net/netip"
	"time"

	"github.com/gobwas/ws"

	"wsperf/engine/host"
	"wsperf/handshake"
	"wsperf/stats"
)

// MaxTimeout is the longest timeout that is accepted. A longer value would not fit the
// histograms (stats.MaxTrackable).
const MaxTimeout = stats.MaxTrackable

// Config describes a run. Prepare checks it; it does not change afterwards.
type Config struct {
	Addr    netip.AddrPort     // the testee, IPv4 or IPv6
	Sources []netip.Addr       // local addresses, taken round robin, of the testee's family, at most stats.MaxSources; empty: the kernel chooses
	Request *handshake.Request // the opening handshake; each loop takes a clone
	Rules   *handshake.Rules   // what a response must fulfil; shared, read-only

	Loops int   // loops, 1 or more
	CPUs  []int // CPU of each loop, taken round robin; empty: loops are not pinned

	Load // how many connections are started, and when

	TLS *TLS // how connections are secured; nil: they are not, as with ws://

	CloseCode ws.StatusCode // of our close frame: 1000-1003, 1007-1011 or 3000-4999

	ConnectTimeout time.Duration // connect(2) called -> established
	SecureTimeout  time.Duration // established -> TLS handshake complete; not used without TLS
	OpenTimeout    time.Duration // request written -> response validated, as a whole
	CloseTimeout   time.Duration // close frame sent -> received, as a whole; and again until the FIN

	Timestamps stats.Timestamps // empty: stats.TimestampsSampled

	Interval time.Duration        // of the intervals of the result, stats.MinInterval to stats.MaxInterval; 0: none
	Watch    func(stats.Interval) // is told of each interval soon after its end, by a goroutine of its own; nil: nobody

	Processes TesteeProcesses // of the testee, whose cost is measured

	Gate Gate // holds the run until it is to begin; nil: it begins at once

	Profiler Profiler // is told of the measured window; nil: nobody is

	Log     bool // keep a record per connection: 16 bytes each
	Samples int  // failing responses to keep per cause and loop, 0 to stats.MaxSamples
}

// Validate returns an error for the first invalid field: one line that says what is
// allowed.
func (c *Config) Validate() error {
	for _, check := range []func() error{c.checkTestee, c.checkSources, c.checkLoops, c.Load.check, c.checkSamples, c.checkTimestamps, c.checkInterval, c.checkTimeouts, c.checkTLS, c.Processes.check} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) checkTestee() error {
	switch {
	case !c.Addr.IsValid() || c.Addr.Port() == 0:
		return fmt.Errorf("testee address %v: an IP address and a port of 1 to 65535 are needed", c.Addr)
	case c.Request == nil || c.Rules == nil:
		return fmt.Errorf("a request and the rules for its response are needed")
	case c.Rules.MaxBytes > math.MaxUint16: // slot.held
		return fmt.Errorf("responses of up to %d bytes: must be at most %d", c.Rules.MaxBytes, math.MaxUint16)
	}
	if err := handshake.CheckCloseCode(c.CloseCode); err != nil {
		return err
	}
	return nil
}

func (c *Config) checkSources() error {
	if len(c.Sources) > stats.MaxSources {
		return fmt.Errorf("source addresses %d: must be at most %d", len(c.Sources), stats.MaxSources)
	}
	for _, a := range c.Sources {
		if !a.IsValid() || a.Unmap().Is4() != c.Addr.Addr().Unmap().Is4() {
			return fmt.Errorf("source address %v for the testee %v: must be of the same family, IPv4 or IPv6", a, c.Addr)
		}
	}
	return nil
}

func (c *Config) checkLoops() error {
	if c.Loops < 1 || c.Loops > MaxLoops {
		return fmt.Errorf("loops %d: must be 1 to %d", c.Loops, MaxLoops)
	}
	for _, cpu := range c.CPUs {
		if cpu < 0 || cpu >= host.MaxCPUs {
			return fmt.Errorf("CPU %d: must be 0 to %d", cpu, host.MaxCPUs-1)
		}
	}
	return nil
}

func (c *Config) checkSamples() error {
	if c.Samples < 0 || c.Samples > stats.MaxSamples {
		return fmt.Errorf("samples %d: must be 0 to %d", c.Samples, stats.MaxSamples)
	}
	return nil
}

func (c *Config) checkTimestamps() error {
	switch c.Timestamps {
	case "", stats.TimestampsSampled, stats.TimestampsKernel, stats.TimestampsNone:
		return nil
	}
	return fmt.Errorf("timestamps %q: must be %s, %s or %s", c.Timestamps, stats.TimestampsSampled, stats.TimestampsKernel, stats.TimestampsNone)
}

func (c *Config) checkInterval() error {
	if c.Interval != 0 && (c.Interval < stats.MinInterval || c.Interval > stats.MaxInterval) {
		return fmt.Errorf("interval %v: must be %v to %v", c.Interval, stats.MinInterval, stats.MaxInterval)
	}
	return nil
}

func (c *Config) checkTimeouts() error {
	for _, t := range c.timeouts() {
		if t.value <= 0 || t.value > MaxTimeout {
			return fmt.Errorf("%s timeout %v: must be above 0 and at most %v", t.name, t.value, MaxTimeout)
		}
	}
	return nil
}

type timeout struct {
	name  string
	value time.Duration
}

// timeouts returns those that the run uses.
func (c *Config) timeouts() []timeout {
	all := []timeout{{"connect", c.ConnectTimeout}, {"open", c.OpenTimeout}, {"close", c.CloseTimeout}}
	if c.TLS != nil {
		all = append(all, timeout{"secure", c.SecureTimeout})
	}
	return all
}

func (c *Config) leastTimeout() time.Duration {
	least := c.ConnectTimeout
	for _, t := range c.timeouts() {
		least = min(least, t.value)
	}
	return least
}
