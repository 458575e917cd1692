package host

import (
	"os"
	"strconv"
	"strings"
)

// EachNetCounter calls f for each counter of the network namespace that the calling thread is
// in, such as "TcpExt" and "ListenDrops" (/proc/net/snmp and netstat). Counters begin with
// the namespace. It calls f for none of a file that cannot be read.
func EachNetCounter(f func(group, name string, count int64)) {
	for _, file := range []string{"snmp", "netstat"} {
		text, _ := os.ReadFile("/proc/thread-self/net/" + file) // empty on failure
		eachCounter(string(text), f)
	}
}

// eachCounter parses pairs of lines that begin with the same group, the first with names and
// the second with values (snmp_seq_show, netstat_seq_show in net/ipv4/proc.c, Linux 6.18).
func eachCounter(text string, f func(group, name string, count int64)) {
	var names []string
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if len(names) == 0 || names[0] != words[0] {
			names = words
			continue
		}
		for i := 1; i < min(len(names), len(words)); i++ {
			if n, err := strconv.ParseInt(words[i], 10, 64); err == nil {
				f(strings.TrimSuffix(names[0], ":"), names[i], n)
			}
		}
		names = nil
	}
}
