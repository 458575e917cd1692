package engine

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"wsperf/engine/host"
	"wsperf/handshake"
)

// preflightConfig returns a run with 500 in flight against a testee on this machine,
// modified by change.
func preflightConfig(change func(*Config)) *Config {
	cfg := &Config{
		Addr: netip.MustParseAddrPort("127.0.0.1:9000"), Load: Load{Connections: 200_000, Low: 250, High: 500},
		Loops: 2, CPUs: []int{0, 1}, Rules: handshake.NewRules(nil),
	}
	change(cfg)
	return cfg
}

// ampleFacts returns the facts of a machine without warnings for such a run, modified by
// change.
func ampleFacts(change func(*facts)) facts {
	f := facts{
		Facts:   host.Facts{Ports: ports1to(28232), Somaxconn: 4096, TWReuse: 2, Memory: ample, Allowed: []int{0, 1}},
		maxOpen: 20_000, here: true, backlog: host.Unknown,
	}
	change(&f)
	return f
}

const (
	portsText = "high watermark 501, local ports 1000: open and closing connections need one each too, and starts will wait for them: " +
		"widen net.ipv4.ip_local_port_range, or give 2 --source addresses"
	timeWaitText = "27233 of 28232 local ports are in TIME_WAIT, left by a client that closed connections to the testee first, and net.ipv4.tcp_tw_reuse is 0: " +
		"wait a minute, set it to 1, or give more --source addresses"
	backlogText = "high watermark 500 is above net.core.somaxconn 499, the most connections that a testee on this machine can leave waiting; " +
		"more take a second longer to connect: raise it before the testee starts, or lower the high watermark"
	ownBacklogText = "high watermark 500 is above the testee's listen backlog 10, the most connections that it can leave waiting; " +
		"more take a second longer to connect: give its listen(2) a larger backlog, or lower the high watermark"
	descriptorText = "high watermark 501 is above the 500 connections that the descriptor limit allows at once: raise it (ulimit -n), or run several processes"
	sharedText     = "loops 2, CPUs 1: more than one loop per CPU costs context switches and gains nothing"
	quotaText      = "the cgroup's CPU quota is 1.50 CPUs, the loops use 2: when it is used up, they all stop until the next period, every 100 ms: " +
		"raise it (cpu.max; in version 1 cpu.cfs_quota_us), or lower --loops to 1"
	forbiddenText = "CPU 3 is not allowed for this process, a loop cannot be pinned to it: choose from [0 1] (taskset -p, cpuset)"
)

func TestPreflight(t *testing.T) {
	same := func(*Config) {}
	remote := func(c *Config) { c.Addr = netip.MustParseAddrPort("192.0.2.1:80") }
	for _, c := range []struct {
		name   string
		config func(*Config)
		facts  func(*facts)
		want   []string
	}{
		{"no warning", same, func(*facts) {}, nil},

		{"just enough ports", same, func(f *facts) { f.Ports = ports1to(1000) }, nil},
		{"one too many for the ports that are not reserved", func(c *Config) { c.High = 501 },
			func(f *facts) { f.Ports = portsAfter(1000, 2000) },
			[]string{strings.Replace(portsText, "range,", "range, shorten net.ipv4.ip_local_reserved_ports,", 1)}},
		{"all ports are reserved", same, func(f *facts) { f.Ports, f.TWReuse = portsAfter(9, 9), 0 },
			[]string{"high watermark 500, local ports 0: open and closing connections need one each too, and starts will wait for them: " +
				"widen net.ipv4.ip_local_port_range, shorten net.ipv4.ip_local_reserved_ports"}},
		{"one too many for the ports", func(c *Config) { c.High = 501 }, func(f *facts) { f.Ports = ports1to(1000) }, []string{portsText}},
		{"enough ports with a second source", func(c *Config) { c.High, c.Sources = 501, make([]netip.Addr, 2) }, func(f *facts) { f.Ports = ports1to(1000) }, nil},
		{"a port for each connection", func(c *Config) { c.High, c.Connections = 501, 1000 }, func(f *facts) { f.Ports = ports1to(1000) }, nil},
		{"by duration", func(c *Config) { c.High, c.Connections = 501, 0 }, func(f *facts) { f.Ports = ports1to(1000) }, []string{portsText}},
		{"fewer descriptors than ports", func(c *Config) { c.High = 501 }, func(f *facts) { f.Ports, f.maxOpen = ports1to(1000), 1000 }, nil},
		{"huge high watermark", func(c *Config) { c.High = 1 << 62 }, func(f *facts) { f.maxOpen, f.Somaxconn = 28233, 1<<31 },
			[]string{
				strings.NewReplacer("501", "4611686018427387904", "500", "28233").Replace(descriptorText),
				strings.NewReplacer("501", "4611686018427387904", "1000", "28232").Replace(portsText),
			}},

		{"just enough memory", same, func(f *facts) { f.Memory.Machine = 2*memoryOfLoop + 500*memoryOfConnection }, nil},
		{"memory is not known", same, func(f *facts) { f.Memory.Machine = host.Unknown }, nil},
		{"too little memory", same, func(f *facts) { f.Memory.Machine = 2*memoryOfLoop + 499*memoryOfConnection },
			[]string{"high watermark 500 is above the 499 connections that 11 MB of available memory hold: lower it, or starts will wait for others to end"}},
		{"too little memory in the cgroup", same, func(f *facts) { f.Memory.Cgroup = 2*memoryOfLoop + 499*memoryOfConnection },
			[]string{"high watermark 500 is above the 499 connections that the 11 MB left of the cgroup's memory limit hold: " +
				"raise the limit (memory.max; in version 1 memory.limit_in_bytes), lower the high watermark, or starts will wait for others to end"}},
		{"too little address space", same, func(f *facts) { f.Memory.AddressSpace = spareAddressSpace },
			[]string{"high watermark 500 is above the 0 connections that the 128 MB left of the address space limit hold: " +
				"raise the limit (ulimit -v), lower the high watermark, or starts will wait for others to end"}},

		{"just enough descriptors", same, func(f *facts) { f.maxOpen = 500 }, nil},
		{"one too many for the descriptors", func(c *Config) { c.High = 501 }, func(f *facts) { f.maxOpen = 500 }, []string{descriptorText}},

		{"TIME_WAIT on our side", same, func(f *facts) { f.TWReuse, f.timeWait = 0, 27233 }, []string{timeWaitText}},
		{"TIME_WAIT and just enough other ports", same, func(f *facts) { f.TWReuse, f.timeWait = 0, 27232 }, nil},
		{"TIME_WAIT of under a tenth of the ports", same, func(f *facts) { f.Ports, f.TWReuse, f.timeWait = ports1to(1000), 0, 99 }, nil},
		{"TIME_WAIT reused on loopback", same, func(f *facts) { f.timeWait = 28000 }, nil},
		{"TIME_WAIT reused everywhere", remote, func(f *facts) { f.TWReuse, f.timeWait = 1, 28000 }, nil},
		{"TIME_WAIT not reused across a network", remote, func(f *facts) { f.timeWait = 27233 },
			[]string{strings.ReplaceAll(timeWaitText, "reuse is 0", "reuse is 2")}},
		{"TIME_WAIT, reuse unknown", same, func(f *facts) { f.TWReuse, f.timeWait = host.Unknown, 28000 }, nil},
		{"no TIME_WAIT, no reuse", same, func(f *facts) { f.TWReuse = 0 }, nil},

		{"just enough backlog", same, func(f *facts) { f.Somaxconn = 500 }, nil},
		{"one too many for the backlog", same, func(f *facts) { f.Somaxconn = 499 }, []string{backlogText}},
		{"few connections for the backlog", func(c *Config) { c.Connections = 499 }, func(f *facts) { f.Somaxconn = 499 }, nil},
		{"backlog of another machine", remote, func(f *facts) { f.Somaxconn, f.here = 499, false }, nil},
		{"the testee's own backlog is enough", same, func(f *facts) { f.backlog = 500 }, nil},
		{"the testee's own backlog is too short", same, func(f *facts) { f.backlog = 10 }, []string{ownBacklogText}},
		{"the testee's own backlog, cut to somaxconn", same, func(f *facts) { f.Somaxconn, f.backlog = 128, 128 },
			[]string{strings.NewReplacer("backlog 10", "backlog 128", "give its listen(2) a larger backlog", "raise net.core.somaxconn (128) and the backlog of its listen(2)").Replace(ownBacklogText)}},
		{"two listeners with more than somaxconn together", same, func(f *facts) { f.Somaxconn, f.backlog = 300, 600 }, nil},
		{"own backlog, somaxconn unknown", same, func(f *facts) { f.Somaxconn, f.backlog = host.Unknown, 10 }, []string{ownBacklogText}},
		{"few connections for the testee's own backlog", func(c *Config) { c.Connections = 10 }, func(f *facts) { f.backlog = 10 }, nil},
		{"backlog unknown", same, func(f *facts) { f.Somaxconn = host.Unknown }, nil},

		{"a CPU quota of two CPUs", same, func(f *facts) { f.quota = host.Bandwidth{QuotaUs: 200_000, PeriodUs: 100_000} }, nil},
		{"a CPU quota below two CPUs", same, func(f *facts) { f.quota = host.Bandwidth{QuotaUs: 150_000, PeriodUs: 100_000} }, []string{quotaText}},
		{"a CPU quota below one CPU", same, func(f *facts) { f.quota = host.Bandwidth{QuotaUs: 5_000, PeriodUs: 10_000} },
			[]string{strings.NewReplacer("1.50", "0.50", "100 ms", "10 ms", ", or lower --loops to 1", "").Replace(quotaText)}},
		{"a CPU quota that is enough for one loop", func(c *Config) { c.Loops = 1 }, func(f *facts) { f.quota = host.Bandwidth{QuotaUs: 150_000, PeriodUs: 100_000} }, nil},
		{"a CPU quota for loops that are not pinned", func(c *Config) { c.Loops, c.CPUs = 3, nil }, func(f *facts) { f.quota = host.Bandwidth{QuotaUs: 150_000, PeriodUs: 100_000} }, []string{quotaText}},

		{"a CPU that is not allowed", func(c *Config) { c.CPUs = []int{1, 3} }, func(*facts) {}, []string{forbiddenText}},
		{"allowed CPUs unknown", func(c *Config) { c.CPUs = []int{1, 3} }, func(f *facts) { f.Allowed = nil }, nil},
		{"loops that share a CPU", func(c *Config) { c.CPUs = []int{1, 1} }, func(*facts) {}, []string{sharedText}},
		{"not pinned", func(c *Config) { c.Loops, c.CPUs = 3, nil }, func(*facts) {}, nil},

		{"several warnings", func(c *Config) { c.CPUs = []int{3} }, func(f *facts) { f.Somaxconn, f.Ports, f.TWReuse, f.timeWait = 499, ports1to(999), 0, 99 },
			[]string{
				strings.NewReplacer("501", "500", "1000", "999").Replace(portsText),
				strings.NewReplacer("27233", "99", "28232", "999").Replace(timeWaitText),
				backlogText, forbiddenText, sharedText,
			}},
	} {
		if got := texts(preflight(preflightConfig(c.config), ampleFacts(c.facts))); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// TestPreflightKinds checks the kind of every check.
func TestPreflightKinds(t *testing.T) {
	all := preflight(preflightConfig(func(c *Config) { c.CPUs = []int{3} }), ampleFacts(func(f *facts) {
		f.maxOpen, f.Somaxconn, f.Ports, f.TWReuse, f.timeWait = 499, 400, ports1to(400), 0, 99
		f.quota = host.Bandwidth{QuotaUs: 1, PeriodUs: 2}
	}))
	var kinds []WarningKind
	for _, w := range all {
		kinds = append(kinds, w.Kind)
	}
	want := []WarningKind{WarnDescriptors, WarnPorts, WarnTimeWait, WarnBacklog, WarnCPUQuota, WarnForbiddenCPU, WarnSharedCPU}
	if !slices.Equal(kinds, want) {
		t.Errorf("kinds %q, want %q", kinds, want)
	}
}

func texts(warnings []Warning) (all []string) {
	for _, w := range warnings {
		all = append(all, w.Text)
	}
	return all
}

// ports1to returns the range of the first n ports.
func ports1to(n int) host.Ports { return portsAfter(0, n) }

// portsAfter returns the range of the first n ports, of which the first are reserved.
func portsAfter(reserved, n int) host.Ports {
	p := host.Ports{PortRange: host.PortRange{Low: 1, High: uint16(n)}}
	if reserved > 0 {
		p.Reserved = []host.PortRange{{Low: 1, High: uint16(reserved)}}
	}
	return p
}

func TestReadFacts(t *testing.T) {
	f := readFacts(preflightConfig(func(*Config) {}), 77)
	if f.maxOpen != 77 || !f.here || f.Ports.Count() != host.LocalPorts().Count() {
		t.Errorf("facts %+v", f)
	}
}

// TestBacklogOfListeners: each of two sockets that share a port has a backlog of 5.
func TestBacklogOfListeners(t *testing.T) {
	listen := func(port int) netip.AddrPort {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Close(fd) })
		err = errors.Join(unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1),
			unix.Bind(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}), unix.Listen(fd, 5))
		if err != nil {
			t.Fatal(err)
		}
		name, err := unix.Getsockname(fd)
		if err != nil {
			t.Fatal(err)
		}
		return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(name.(*unix.SockaddrInet4).Port))
	}
	testee := listen(0)
	cfg := preflightConfig(func(c *Config) { c.Addr = testee })
	if f := readFacts(cfg, 20_000); f.backlog != 5 {
		t.Errorf("backlog %d, want 5", f.backlog)
	}
	listen(int(testee.Port()))
	f := readFacts(cfg, 20_000)
	if f.backlog != 10 {
		t.Errorf("backlog of two %d, want 10", f.backlog)
	}
	if text := backlogWarning(cfg, &f); text != ownBacklogText {
		t.Errorf("warning %q, want %q", text, ownBacklogText)
	}
}
