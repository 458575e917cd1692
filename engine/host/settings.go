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
	Somaxconn int   // longest accept queue of a listening socket (listen(2)), or Unknown
	TWReuse   int   // tcp_tw_reuse: 0 never, 1 always, 2 on loopback only; or Unknown
	Memory    int64 // bytes that programs can use without swapping (proc(5), MemAvailable), or Unknown
	Allowed   []int // CPUs of the calling thread, ascending; nil if they cannot be read
}

// ReadFacts returns the current facts.
func ReadFacts() Facts {
	f := Facts{
		Ports:     LocalPorts(),
		Somaxconn: readSetting("/proc/sys/net/core/somaxconn"),
		TWReuse:   readSetting("/proc/sys/net/ipv4/tcp_tw_reuse"),
	}
	f.Memory = AvailableMemory()
	f.Allowed, _ = AllowedCPUs() // nil on failure
	return f
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

// AvailableMemory returns how many bytes programs can use without swapping (proc(5),
// /proc/meminfo, MemAvailable), or Unknown.
func AvailableMemory() int64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return Unknown
	}
	return availableIn(string(text))
}

func availableIn(meminfo string) int64 {
	for line := range strings.Lines(meminfo) {
		words := strings.Fields(line)
		if len(words) == 3 && words[0] == "MemAvailable:" && words[2] == "kB" {
			if kB, err := strconv.ParseInt(words[1], 10, 64); err == nil {
				return kB << 10
			}
		}
	}
	return Unknown
}
