package main

import (
	"testing"
	"time"
)

// TestBucket: the tokens are those of the time that has passed, whatever the ticks.
func TestBucket(t *testing.T) {
	for _, c := range []struct {
		name string
		want int // takes within a second
		tick time.Duration
		idle time.Duration // before
	}{
		{"even", 3000, time.Millisecond, 0},
		{"late ticks lose nothing", 3000, 250 * time.Millisecond, 0},
		{"idle time is kept up to the depth", 3010 + 3, time.Millisecond, time.Minute},
	} {
		b := bucket{rate: 3000, depth: 10}
		for passed := time.Duration(0); passed < c.idle; passed += c.tick {
			b.pass(c.tick)
		}
		taken := 0
		for passed := time.Duration(0); passed < time.Second; passed += c.tick {
			b.pass(c.tick)
			for b.take() {
				taken++
			}
		}
		if taken < c.want-4 || taken > c.want {
			t.Errorf("%s: %d tokens in a second, want %d", c.name, taken, c.want)
		}
	}
}

// TestAcceptKey has the example of RFC 6455 section 1.3.
func TestAcceptKey(t *testing.T) {
	request := []byte("GET / HTTP/1.1\r\nHost: h\r\nsec-websocket-key:  dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if got := acceptKey(header(request, "Sec-WebSocket-Key")); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Errorf("accept key %q", got)
	}
}
