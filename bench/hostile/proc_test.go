package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// descriptors lists the open descriptors of this process.
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

// peakBytes returns the peak resident set size of a process, "self" or a process
// ID (proc_pid_status(5), VmHWM).
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

// timeWaits counts the connections in TIME_WAIT with one of the testee's addresses
// at either end, by the side that is in TIME_WAIT (proc_pid_net(5); state 06 is
// TCP_TIME_WAIT of include/net/tcp_states.h).
func timeWaits(addresses map[string]string) (clients, testees int, err error) {
	ends := endsOf(addresses)
	file, err := os.Open("/proc/thread-self/net/tcp")
	if err != nil {
		return 0, 0, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) < 4 || fields[3] != "06":
		case ends[fields[2]]:
			clients++
		case ends[fields[1]]:
			testees++
		}
	}
	return clients, testees, lines.Err()
}

// endsOf writes addresses as /proc/net/tcp does: "0100007F:1F90" for 127.0.0.1:8080.
func endsOf(addresses map[string]string) map[string]bool {
	ends := map[string]bool{}
	for _, a := range addresses {
		if addr, err := netip.ParseAddrPort(a); err == nil {
			ip := addr.Addr().As4()
			ends[fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(ip[:]), addr.Port())] = true
		}
	}
	return ends
}

// checkTimeWaits checks that no connection is in TIME_WAIT on wsperf's side: when
// wsperf closes first, it must send RST so that its ports do not run out. It
// returns the number on the testee's side.
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
