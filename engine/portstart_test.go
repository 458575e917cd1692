package engine

import (
	"os"
	"strings"
	"testing"
)

// portRun prepares a run of one loop that may choose its ports, in a network namespace with
// 100 local ports.
func portRun(t *testing.T) (*Run, []Warning) {
	t.Helper()
	cfg := patient(t, "127.0.0.1:9", 1000)
	cfg.Low, cfg.High = 100, 100
	run, warnings, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(run.Close)
	return run, warnings
}

// TestPortsStartAnywhere: the processes of a run that is spread over several do not try
// the same ports in the same order.
func TestPortsStartAnywhere(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	setPortRange(t, 100)
	starts := map[uint16]bool{}
	for range 20 {
		run, _ := portRun(t)
		starts[run.loops[0].testee.sources.all[0].ports.take()] = true
	}
	if len(starts) < 5 {
		t.Errorf("the first ports of 20 runs are %v, want many of 100", starts)
	}
}

// TestReservedPortsAreNotOurs: connect(2) skips reserved ports itself, but says of a chosen
// one that it is in use.
func TestReservedPortsAreNotOurs(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	setPortRange(t, 100)
	reservePorts(t, "1-39999,40010-40089,40099")
	run, warnings := portRun(t)
	ring := run.loops[0].testee.sources.all[0].ports.ring
	if len(ring) != 19 {
		t.Errorf("%d ports to choose from, want 19: %v", len(ring), ring)
	}
	for _, port := range ring {
		if port >= 40010 && port <= 40089 || port == 40099 {
			t.Errorf("port %d is reserved", port)
		}
	}
	for _, w := range warnings {
		if strings.Contains(w.Text, "local ports 19:") {
			return
		}
	}
	t.Errorf("warnings %v, want one of 19 local ports", warnings)
}

// reservePorts sets the list of reserved ports (Documentation/networking/ip-sysctl.rst,
// ip_local_reserved_ports).
func reservePorts(t *testing.T, list string) {
	t.Helper()
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_local_reserved_ports", []byte(list), 0); err != nil {
		t.Fatal(err)
	}
}
