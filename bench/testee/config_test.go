package testee

import (
	"strings"
	"testing"
	"time"
)

func TestValidate(t *testing.T) {
	good := Config{Listen: "127.0.0.1:9001", Loops: 1}
	for _, c := range []struct {
		name   string
		change func(*Config)
		want   string // part of the error; "" for none
	}{
		{"good", func(c *Config) {}, ""},
		{"IPv6", func(c *Config) { c.Listen = "[::1]:0" }, ""},
		{"all addresses", func(c *Config) { c.Listen = ":9001" }, ""},
		{"no port", func(c *Config) { c.Listen = "127.0.0.1" }, `listen address "127.0.0.1": must be HOST:PORT`},
		{"IPv6 without brackets", func(c *Config) { c.Listen = "::1:9001" }, "an IPv6 host in brackets"},
		{"port too high", func(c *Config) { c.Listen = "127.0.0.1:65536" }, "the port must be 0 to 65535"},
		{"port by name", func(c *Config) { c.Listen = "127.0.0.1:http" }, "the port must be 0 to 65535"},
		{"no loops", func(c *Config) { c.Loops = 0 }, "loops 0: must be 1 to 1024"},
		{"too many loops", func(c *Config) { c.Loops = 1025 }, "loops 1025: must be 1 to 1024"},
		{"negative connections", func(c *Config) { c.MaxConnections = -1 }, "connections at a time -1: must be 1 or more"},
		{"negative handshake timeout", func(c *Config) { c.HandshakeTimeout = -1 }, "handshake timeout -1ns: must be above 0"},
		{"negative linger timeout", func(c *Config) { c.LingerTimeout = -1 }, "linger timeout -1ns: must be above 0"},
		{"negative stall timeout", func(c *Config) { c.StallTimeout = -1 }, "stall timeout -1ns: must be 1ms to 24h0m0s"},
		{"stall timeout below a millisecond", func(c *Config) { c.StallTimeout = time.Microsecond }, "stall timeout 1µs: must be 1ms"},
		{"stall timeout of more than a day", func(c *Config) { c.StallTimeout = MaxStallTimeout + 1 }, "must be 1ms to 24h0m0s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := good
			c.change(&config)
			checkError(t, config.Validate(), c.want)
		})
	}
}

// checkError fails the test unless the error is one line that contains part, or
// is nil if part is empty.
func checkError(t *testing.T, err error, part string) {
	t.Helper()
	switch {
	case part == "" && err != nil:
		t.Errorf("error %q", err)
	case part == "":
	case err == nil:
		t.Errorf("no error, want one with %q", part)
	case !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n"):
		t.Errorf("error %q, want one line with %q", err, part)
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		handshake, linger, interval time.Duration
		ticks                       uint64 // of the handshake timeout
	}{
		{10 * time.Second, 500 * time.Millisecond, 100 * time.Millisecond, 101},
		{time.Second, 20 * time.Millisecond, 5 * time.Millisecond, 201},
		{41 * time.Millisecond, time.Second, 10250 * time.Microsecond, 5},
		{time.Nanosecond, time.Second, 5 * time.Millisecond, 2},
	} {
		config := Config{HandshakeTimeout: c.handshake, LingerTimeout: c.linger}
		if got := config.tickInterval(); got != c.interval {
			t.Errorf("%v and %v: interval %v, want %v", c.handshake, c.linger, got, c.interval)
		}
		if got := config.ticks(c.handshake); got != c.ticks {
			t.Errorf("%v: %d ticks of %v, want %d", c.handshake, got, c.interval, c.ticks)
		}
	}
}

func TestConnectionLimit(t *testing.T) {
	all, err := connectionLimit(&Config{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	two, err := connectionLimit(&Config{Loops: 2})
	if err != nil || two != all-reservedPerLoop {
		t.Errorf("two loops: %d, error %v; want %d", two, err, all-reservedPerLoop)
	}
	if n, err := connectionLimit(&Config{Loops: 1, MaxConnections: all}); n != all || err != nil {
		t.Errorf("all of them: %d, error %v", n, err)
	}
	_, err = connectionLimit(&Config{Loops: 1, MaxConnections: all + 1})
	checkError(t, err, "allows at most")
	_, err = connectionLimit(&Config{Loops: all})
	checkError(t, err, "too low for")
}
