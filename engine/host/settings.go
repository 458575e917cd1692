package host

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Unknown is the value of a setting that cannot be read.
const Unknown = -1

// Facts are settings that a run depends on and does not change. The network settings are
// those of the process's network namespace.
type Facts struct {
	Ports     PortRange
	Somaxconn int   // longest accept queue of a listening socket (listen(2)), or Unknown
	TWReuse   int   // tcp_tw_reuse: 0 never, 1 always, 2 on loopback only; or Unknown
	Allowed   []int // CPUs of the calling thread, ascending; nil if they cannot be read
}

// ReadFacts returns the current facts.
func ReadFacts() Facts {
	f := Facts{
		Ports:     LocalPorts(),
		Somaxconn: readSetting("/proc/sys/net/core/somaxconn"),
		TWReuse:   readSetting("/proc/sys/net/ipv4/tcp_tw_reuse"),
	}
	f.Allowed, _ = AllowedCPUs() // nil on failure
	return f
}

// PortRange is the ports from Low to High, inclusive.
type PortRange struct{ Low, High uint16 }

// Count returns the number of ports in the range.
func (r PortRange) Count() int { return int(r.High) - int(r.Low) + 1 }

// LocalPorts returns the ports that connect(2) chooses from (ip(7),
// ip_local_port_range), or Linux's default if that cannot be read.
func LocalPorts() PortRange {
	var r PortRange
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err == nil {
		_, err = fmt.Sscan(string(text), &r.Low, &r.High)
	}
	if err != nil {
		return PortRange{32768, 60999}
	}
	return r
}

// readSetting reads a file under /proc that holds one number.
func readSetting(path string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		return Unknown
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return Unknown
	}
	return n
}
