package host

import (
	"bytes"
	"os"
	"path"
	"strconv"
	"strings"
)

// NetCounters are the counters of the calling thread's network namespace, by group and name
// such as "TcpExt", "ListenDrops".
type NetCounters map[string]map[string]uint64

// ReadNetCounters reads /proc/net/snmp and /proc/net/netstat (proc_net(5)). What cannot be
// read is missing.
func ReadNetCounters() NetCounters { return netCountersIn("/proc/thread-self/net") }

func netCountersIn(folder string) NetCounters {
	all := NetCounters{}
	for _, name := range []string{"snmp", "netstat"} {
		text, _ := os.ReadFile(path.Join(folder, name)) // empty on failure
		all.parse(text)
	}
	return all
}

// parse reads pairs of lines: the names of a group, and its values.
func (all NetCounters) parse(text []byte) {
	lines := bytes.Split(text, []byte("\n"))
	for i := 0; i+1 < len(lines); i += 2 {
		group, names, ok := strings.Cut(string(lines[i]), ": ")
		same, values, both := strings.Cut(string(lines[i+1]), ": ")
		if !ok || !both || group != same {
			return
		}
		all.add(group, strings.Fields(names), strings.Fields(values))
	}
}

// add leaves out values that are not counts: Tcp MaxConn is -1.
func (all NetCounters) add(group string, names, values []string) {
	counts := make(map[string]uint64, len(names))
	for i, name := range names[:min(len(names), len(values))] {
		if n, err := strconv.ParseUint(values[i], 10, 64); err == nil {
			counts[name] = n
		}
	}
	all[group] = counts
}
