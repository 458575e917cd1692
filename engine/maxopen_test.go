package engine

import (
	"net/netip"
	"strings"
	"testing"

	"wsperf/engine/host"
	"wsperf/handshake"
	"wsperf/stats"
)

// ample is memory without a limit that matters.
var ample = host.Memory{Machine: 24 << 30, Cgroup: host.Unknown, AddressSpace: host.Unknown}

func TestMaxOpen(t *testing.T) {
	const ports = 28232
	const loops, each = 2 * memoryOfLoop, memoryOfConnection
	cfg := func(sources int) *Config {
		return &Config{Loops: 2, Rules: handshake.NewRules(nil), Sources: make([]netip.Addr, sources)}
	}
	addresses := addressesOfConnection(cfg(0))
	for _, c := range []struct {
		name                        string
		descriptors, ports, sources int
		memory                      host.Memory
		want                        openLimit
	}{
		{"descriptors", 20_000, ports, 0, ample, openLimit{20_000, stats.LimitDescriptors}},
		{"ports of the kernel's choice of source", 1 << 30, ports, 0, ample, openLimit{ports + deferredStarts, stats.LimitPorts}},
		{"ports of each source", 1 << 30, ports, 3, ample, openLimit{3*ports + deferredStarts, stats.LimitPorts}},
		{"no ports", 1 << 30, 0, 1, ample, openLimit{deferredStarts, stats.LimitPorts}},
		{"memory", 1 << 30, ports, 1 << 16, host.Memory{Machine: loops + 300*each, Cgroup: host.Unknown, AddressSpace: host.Unknown}, openLimit{300, stats.LimitMemory}},
		{"memory is not known", 1 << 30, ports, 2, host.Memory{Machine: host.Unknown, Cgroup: host.Unknown, AddressSpace: host.Unknown},
			openLimit{2*ports + deferredStarts, stats.LimitPorts}},
		{"memory of the cgroup", 1 << 30, ports, 1, host.Memory{Machine: 24 << 30, Cgroup: loops + 200*each, AddressSpace: host.Unknown}, openLimit{200, stats.LimitCgroup}},
		{"no memory in the cgroup", 1 << 30, ports, 1, host.Memory{Machine: 24 << 30, Cgroup: 0, AddressSpace: host.Unknown}, openLimit{0, stats.LimitCgroup}},
		{"address space", 1 << 30, ports, 1, host.Memory{Machine: 24 << 30, Cgroup: 1 << 30, AddressSpace: spareAddressSpace + loops + 100*addresses},
			openLimit{100, stats.LimitAddressSpace}},
	} {
		f := &facts{Facts: host.Facts{Ports: ports1to(c.ports), Memory: c.memory}, maxOpen: c.descriptors}
		if got := maxOpen(cfg(c.sources), f); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestCheckAddressSpace(t *testing.T) {
	for _, c := range []struct {
		name  string
		log   int64 // records of a log, 0: none
		left  int64
		fails bool
	}{
		{"unlimited", 1 << 40, host.Unknown, false},
		{"enough", 0, 140 << 20, false},
		{"less than what is spared", 0, 127 << 20, true},
		{"enough for a log", 1 << 20, 156 << 20, false},
		{"too little for a log", 1 << 20, 140 << 20, true},
		{"a log without bounds", 1<<63 - 1, 1 << 40, true},
	} {
		cfg := &Config{Loops: 2, Rules: handshake.NewRules(nil), Load: Load{Connections: c.log}, Log: c.log > 0}
		err := checkAddressSpace(cfg, &facts{Facts: host.Facts{Memory: host.Memory{AddressSpace: c.left}}})
		if (err != nil) != c.fails || err != nil && !strings.HasSuffix(err.Error(), ": raise it (ulimit -v)") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestHeadroom(t *testing.T) {
	for _, c := range []struct {
		memory host.Memory
		want   int64
	}{
		{host.Memory{Machine: host.Unknown, Cgroup: host.Unknown, AddressSpace: host.Unknown}, memoryHeadroom},
		{ample, memoryHeadroom},
		{host.Memory{Machine: 24 << 30, Cgroup: 60 << 20, AddressSpace: 1 << 30}, 30 << 20},
		{host.Memory{Machine: 24 << 30, Cgroup: host.Unknown, AddressSpace: 128 << 20}, 64 << 20},
	} {
		if got := headroom(c.memory); got != c.want {
			t.Errorf("%+v: %d, want %d", c.memory, got, c.want)
		}
	}
}
