package host

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Memory is how much memory the process can still get, in bytes, by each of three limits.
type Memory struct {
	Machine      int64 // what programs can use without swapping (proc_meminfo(5), MemAvailable), or Unknown
	Cgroup       int64 // what the memory limits of the process's cgroups leave, or Unknown
	AddressSpace int64 // what RLIMIT_AS leaves (getrlimit(2)), or Unknown; it counts what is mapped, used or not
}

// ReadMemory returns the current limits. What is not limited is Unknown as well.
func ReadMemory() Memory {
	return Memory{Machine: availableMemory(), Cgroup: cgroupMemory("/"), AddressSpace: addressSpace()}
}

func availableMemory() int64 {
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

// addressSpace reads the size of the process from the first number in statm, in pages
// (proc_pid_statm(5)).
func addressSpace() int64 {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_AS, &limit); err != nil || limit.Cur > 1<<62 { // RLIM_INFINITY is 2^64-1
		return Unknown
	}
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return Unknown
	}
	first, _, _ := strings.Cut(string(text), " ")
	pages, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return Unknown
	}
	return max(0, int64(limit.Cur)-pages*int64(os.Getpagesize()))
}
