package testee

import (
	"fmt"
	"net"
	"strconv"
	"time"
)

// MaxLoops bounds Config.Loops.
const MaxLoops = 1024

// Defaults of Config.
const (
	DefaultHandshakeTimeout = 10 * time.Second
	DefaultLingerTimeout    = 500 * time.Millisecond
	DefaultStallTimeout     = 30 * time.Second
)

// MaxStallTimeout is the longest StallTimeout: a day, which the kernel's
// milliseconds (tcp(7), TCP_USER_TIMEOUT) hold with room to spare.
const MaxStallTimeout = 24 * time.Hour

// Config says how the testee runs.
type Config struct {
	// Listen is the address to listen on, "127.0.0.1:9001" or "[::1]:9001".
	// Port 0: a free one. No host: all addresses of the machine.
	Listen string

	// Loops is the number of loops, 1 to MaxLoops.
	Loops int

	// Ready, if not nil, is called once, from Serve's goroutine, when connections
	// can be made; addr is the address with its real port.
	Ready func(addr net.Addr)

	// MaxConnections is how many connections can be open at a time; one more is
	// closed at once. 0: as many as the limit of descriptors allows (getrlimit(2)).
	// It counts on nobody else in the process opening many files.
	MaxConnections int

	// HandshakeTimeout is the time from the start of a connection in which its
	// whole opening handshake must have come, give or take a tenth of a second;
	// then it is closed. 0: DefaultHandshakeTimeout.
	HandshakeTimeout time.Duration

	// LingerTimeout is how long input is dropped after a connection has failed,
	// before it is closed. A socket closed with input unread sends RST, and that
	// would destroy the close frame on its way (RFC 9112 section 9.6 on lingering).
	// 0: DefaultLingerTimeout.
	LingerTimeout time.Duration

	// StallTimeout is how long the client's TCP may take nothing of the output
	// that waits for it, because it does not read or is gone; then the kernel ends
	// the connection (tcp(7), TCP_USER_TIMEOUT). 1 ms to MaxStallTimeout, counted in
	// whole milliseconds. 0: DefaultStallTimeout.
	StallTimeout time.Duration
}

// Validate reports in one line the first thing that is wrong with the configuration.
func (c *Config) Validate() error {
	if err := checkListen(c.Listen); err != nil {
		return err
	}
	switch {
	case c.Loops < 1 || c.Loops > MaxLoops:
		return fmt.Errorf("loops %d: must be 1 to %d", c.Loops, MaxLoops)
	case c.MaxConnections < 0:
		return fmt.Errorf("connections at a time %d: must be 1 or more, or 0 for as many as descriptors allow", c.MaxConnections)
	case c.HandshakeTimeout < 0:
		return fmt.Errorf("handshake timeout %v: must be above 0, or 0 for %v", c.HandshakeTimeout, DefaultHandshakeTimeout)
	case c.LingerTimeout < 0:
		return fmt.Errorf("linger timeout %v: must be above 0, or 0 for %v", c.LingerTimeout, DefaultLingerTimeout)
	case c.StallTimeout != 0 && (c.StallTimeout < time.Millisecond || c.StallTimeout > MaxStallTimeout):
		return fmt.Errorf("stall timeout %v: must be %v to %v, or 0 for %v", c.StallTimeout, time.Millisecond, MaxStallTimeout, DefaultStallTimeout)
	}
	return nil
}

func checkListen(listen string) error {
	_, port, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("listen address %q: must be HOST:PORT, an IPv6 host in brackets", listen)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("listen address %q: the port must be 0 to 65535", listen)
	}
	return nil
}

// withDefaults returns the configuration with its zero times filled in.
func (c Config) withDefaults() Config {
	if c.HandshakeTimeout == 0 {
		c.HandshakeTimeout = DefaultHandshakeTimeout
	}
	if c.LingerTimeout == 0 {
		c.LingerTimeout = DefaultLingerTimeout
	}
	if c.StallTimeout == 0 {
		c.StallTimeout = DefaultStallTimeout
	}
	return c
}

// tickInterval is the time between two ticks: a quarter of the shortest timeout,
// 5 ms to 100 ms.
func (c *Config) tickInterval() time.Duration {
	shortest := min(c.HandshakeTimeout, c.LingerTimeout)
	return min(max(shortest/4, 5*time.Millisecond), 100*time.Millisecond)
}

// ticks is the number of ticks in a timeout, rounded up. The tick that comes
// next can come at once, hence one more: a timeout is never cut short.
func (c *Config) ticks(timeout time.Duration) uint64 {
	interval := c.tickInterval()
	return uint64((timeout+interval-1)/interval) + 1
}
