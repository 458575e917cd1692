package main

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// descriptors lists what the process has open, but for the list itself.
func descriptors() ([]string, error) {
	const folder = "/proc/self/fd"
	names, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var open []string
	for _, n := range names {
		target, err := os.Readlink(filepath.Join(folder, n.Name()))
		if err == nil { // the descriptor of the listing itself is closed by now
			open = append(open, n.Name()+" "+target)
		}
	}
	return open, nil
}

// peakBytes is the most memory that a process ever had, "self" or a number
// (proc_pid_status(5), VmHWM).
func peakBytes(process string) (int64, error) {
	text, err := os.ReadFile("/proc/" + process + "/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 {
			return kib << 10, nil
		}
	}
	return 0, fmt.Errorf("no VmHWM of process %s", process)
}

// timeWaits counts the connections in TIME_WAIT whose end is at a port of the
// testee, by the side that has it (proc_pid_net(5): state 06 of include/net/tcp_states.h).
func timeWaits(addresses map[string]string) (clients, testees int, err error) {
	ports := portsOf(addresses)
	file, err := os.Open("/proc/net/tcp")
	if err != nil {
		return 0, 0, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) < 4 || fields[3] != "06":
		case ports[portOf(fields[2])]:
			clients++
		case ports[portOf(fields[1])]:
			testees++
		}
	}
	return clients, testees, lines.Err()
}

func portsOf(addresses map[string]string) map[uint64]bool {
	ports := map[uint64]bool{}
	for _, a := range addresses {
		if addr, err := netip.ParseAddrPort(a); err == nil {
			ports[uint64(addr.Port())] = true
		}
	}
	return ports
}

// portOf reads the port of "0100007F:1F90".
func portOf(address string) uint64 {
	_, port, _ := strings.Cut(address, ":")
	number, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		return 0
	}
	return number
}

// checkTimeWaits: where wsperf ends a connection first it does so by RST, or it
// would run out of ports. It returns how many there are on the testee's side.
func checkTimeWaits(t *testing.T, addresses map[string]string) (testees int) {
	t.Helper()
	clients, testees, err := timeWaits(addresses)
	if err != nil {
		t.Fatal(err)
	}
	if clients != 0 {
		t.Errorf("%d connections in TIME_WAIT on wsperf's side, want none", clients)
	}
	return testees
}
