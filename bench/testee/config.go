package testee

import (
	"crypto/tls"
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

// Config configures the testee.
type Config struct {
	// Listen is the address to listen on, "127.0.0.1:9001" or "[::1]:9001".
	// Port 0: any free port. No host: all addresses of the machine.
	Listen string

	// Loops is the number of loops, 1 to MaxLoops.
	Loops int

	// Ready, if not nil, is called once from Serve's goroutine when the testee
	// accepts connections. addr is the address with the actual port.
	Ready func(addr net.Addr)

	// TLS, if not nil, has the testee serve wss:// (NewTLSConfig). The loops share it.
	TLS *tls.Config

	// MaxConnections is how many connections can be open at a time. Further ones
	// are closed at once. 0: as many as the limit of descriptors allows
	// (getrlimit(2)), if nothing else in the process opens many files.
	MaxConnections int

	// HandshakeTimeout is the time from accept(2) to the end of the request's head,
	// TLS handshake included.
	// The testee then closes the connection, up to 0.2 s late. 0:
	// DefaultHandshakeTimeout.
	HandshakeTimeout time.Duration

	// LingerTimeout is how long input is discarded before a failed connection is
	// closed. A socket that is closed with unread input sends RST, after which the
	// client may lose the close frame (RFC 9112 section 9.6).
	// 0: DefaultLingerTimeout.
	LingerTimeout time.Duration

	// StallTimeout is how long output may wait without the client's TCP accepting
	// any of it, because the client does not read or is gone. The kernel then ends
	// the connection (tcp(7), TCP_USER_TIMEOUT). 1 ms to MaxStallTimeout, rounded
	// down to milliseconds. 0: DefaultStallTimeout.
	StallTimeout time.Duration
}

// Validate returns a one-line error for the first field that is out of range.
func (c *Config) Validate() error {
	if err := checkListen(c.Listen); err != nil {
		return err
	}
	switch {
	case c.Loops < 1 || c.Loops > MaxLoops:
		return fmt.Errorf("loops %d: must be 1 to %d", c.Loops, MaxLoops)
	case c.MaxConnections < 0:
		return fmt.Errorf("connections at a time %d: must be 1 or more, or 0 for as many as the descriptor limit allows", c.MaxConnections)
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

// withDefaults returns the configuration with defaults for timeouts of 0.
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

// ticks returns the number of ticks after which a timeout has certainly expired.
// The next tick can come at once, so it is one more than the timeout divided by
// the interval, rounded up.
func (c *Config) ticks(timeout time.Duration) uint64 {
	interval := c.tickInterval()
	return uint64((timeout+interval-1)/interval) + 1
}
