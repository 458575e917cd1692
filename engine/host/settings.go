package host

import (
	"os"
	"strconv"
	"strings"
)

// Unknown is the value of a setting that cannot be read.
const Unknown = -1

// Facts are settings that a run depends on and does not change. The network settings are
// those of the process's network namespace.
type Facts struct {
	Ports     Ports
	Somaxconn int // longest accept queue of a listening socket (listen(2)), or Unknown
	TWReuse   int // tcp_tw_reuse: 0 never, 1 always, 2 on loopback only; or Unknown
	Memory    Memory
	Allowed   []int // CPUs of the calling thread, ascending; nil if they cannot be read
}

// ReadFacts returns the current facts.
func ReadFacts() Facts {
	f := Facts{
		Ports:     LocalPorts(),
		Somaxconn: readSetting("/proc/sys/net/core/somaxconn"),
		TWReuse:   readSetting("/proc/sys/net/ipv4/tcp_tw_reuse"),
	}
	f.Memory = ReadMemory()
	f.Allowed, _ = AllowedCPUs() // nil on failure
	return f
}

// readSetting reads a file under /proc that holds one number.
func readSetting(path string) int { return int(readNumber(path)) }

// readNumber reads a file that holds one number.
func readNumber(path string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return Unknown
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return Unknown
	}
	return n
}
