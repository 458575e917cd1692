//go:build interop

package interop

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// counters are those of the calling thread's network namespace.
type counters struct {
	activeOpens int64 // transitions from CLOSED to SYN-SENT (RFC 4022, tcpActiveOpens)
	estabResets int64 // from ESTABLISHED or CLOSE-WAIT to CLOSED (RFC 4022, tcpEstabResets)
	timeWait    int64 // sockets in TIME_WAIT on the side that connected to the port
}

// readCounters reads /proc/thread-self/net/snmp and tcp (proc_pid_net(5)). The
// sockets in TIME_WAIT are those of connections to the port.
func readCounters(port int) (c counters, err error) {
	if c.activeOpens, err = tcpCounter("ActiveOpens"); err != nil {
		return c, err
	}
	if c.estabResets, err = tcpCounter("EstabResets"); err != nil {
		return c, err
	}
	c.timeWait, err = timeWaitTowards(port)
	return c, err
}

// tcpCounter reads a counter of the group Tcp, which has a line of names and then
// a line of values.
func tcpCounter(name string) (value int64, err error) {
	text, err := os.ReadFile("/proc/thread-self/net/snmp")
	if err != nil {
		return 0, err
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		switch {
		case fields[0] != "Tcp:":
		case names == nil:
			names = fields
		default:
			for i, n := range names {
				if n == name {
					_, err = fmt.Sscan(fields[i], &value)
					return value, err
				}
			}
		}
	}
	return 0, fmt.Errorf("no counter %s", name)
}

// timeWaitState is TCP_TIME_WAIT as /proc/net/tcp writes it (net/tcp_states.h).
const timeWaitState = "06"

func timeWaitTowards(port int) (n int64, err error) {
	file, err := os.Open("/proc/thread-self/net/tcp")
	if err != nil {
		return 0, err
	}
	defer file.Close()
	suffix := fmt.Sprintf(":%04X", port)
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		// sl local_address rem_address st ...
		if f := strings.Fields(lines.Text()); len(f) > 3 && f[3] == timeWaitState && strings.HasSuffix(f[2], suffix) {
			n++
		}
	}
	return n, lines.Err()
}
