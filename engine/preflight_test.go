package engine

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
)

// preflightConfig is a run of 500 in flight against a testee on this machine.
func preflightConfig(change func(*Config)) *Config {
	cfg := &Config{
		Addr: netip.MustParseAddrPort("127.0.0.1:9000"), Connections: 200_000, Low: 250, High: 500,
		Loops: 2, CPUs: []int{0, 1},
	}
	change(cfg)
	return cfg
}

// plentiful is a machine on which nothing bites such a run.
func plentiful(change func(*hostFacts)) hostFacts {
	facts := hostFacts{ports: 28232, maxOpen: 20_000, somaxconn: 4096, twReuse: 2, here: true, allowed: []int{0, 1}}
	change(&facts)
	return facts
}

const (
	portsText = "high watermark 501, local ports 1000: open and closing connections need one each too, and starts will wait for them: " +
		"widen net.ipv4.ip_local_port_range, or give 2 --source addresses"
	timeWaitText = "27233 of 28232 local ports are in TIME_WAIT, left by a client that closed connections to the testee first, and net.ipv4.tcp_tw_reuse is 0: " +
		"wait a minute, set it to 1, or give more --source addresses"
	backlogText = "high watermark 500 is above net.core.somaxconn 499, the most connections that a testee on this machine can leave waiting; " +
		"more take a second longer to connect: raise it before the testee starts, or lower the high watermark"
	descriptorText = "high watermark 501 is above the 500 connections that the descriptor limit allows at once: raise it (ulimit -n), or run several processes"
	sharedText     = "loops 2, CPUs 1: more than one loop per CPU costs context switches and gains nothing"
	forbiddenText  = "CPU 3 is not allowed for this process, a loop cannot be pinned to it: choose from [0 1] (taskset -p, cpuset)"
)

func TestPreflight(t *testing.T) {
	same := func(*Config) {}
	remote := func(c *Config) { c.Addr = netip.MustParseAddrPort("192.0.2.1:80") }
	for _, c := range []struct {
		name   string
		config func(*Config)
		facts  func(*hostFacts)
		want   []string
	}{
		{"nothing bites", same, func(*hostFacts) {}, nil},

		{"just enough ports", same, func(f *hostFacts) { f.ports = 1000 }, nil},
		{"one too many in flight", func(c *Config) { c.High = 501 }, func(f *hostFacts) { f.ports = 1000 }, []string{portsText}},
		{"a second source", func(c *Config) { c.High, c.Sources = 501, make([]netip.Addr, 2) }, func(f *hostFacts) { f.ports = 1000 }, nil},
		{"a port for each connection", func(c *Config) { c.High, c.Connections = 501, 1000 }, func(f *hostFacts) { f.ports = 1000 }, nil},
		{"by duration", func(c *Config) { c.High, c.Connections = 501, 0 }, func(f *hostFacts) { f.ports = 1000 }, []string{portsText}},
		{"fewer descriptors than ports", func(c *Config) { c.High = 501 }, func(f *hostFacts) { f.ports, f.maxOpen = 1000, 1000 }, nil},
		{"hugely in flight", func(c *Config) { c.High = 1 << 62 }, func(f *hostFacts) { f.maxOpen, f.somaxconn = 28233, 1<<31 },
			[]string{
				strings.NewReplacer("501", "4611686018427387904", "500", "28233").Replace(descriptorText),
				strings.NewReplacer("501", "4611686018427387904", "1000", "28232").Replace(portsText),
			}},

		{"as many as descriptors", same, func(f *hostFacts) { f.maxOpen = 500 }, nil},
		{"more than descriptors", func(c *Config) { c.High = 501 }, func(f *hostFacts) { f.maxOpen = 500 }, []string{descriptorText}},

		{"TIME_WAIT on our side", same, func(f *hostFacts) { f.twReuse, f.timeWait = 0, 27233 }, []string{timeWaitText}},
		{"and enough other ports", same, func(f *hostFacts) { f.twReuse, f.timeWait = 0, 27232 }, nil},
		{"TIME_WAIT of too few to matter", same, func(f *hostFacts) { f.ports, f.twReuse, f.timeWait = 1000, 0, 99 }, nil},
		{"reused on loopback", same, func(f *hostFacts) { f.timeWait = 28000 }, nil},
		{"reused everywhere", remote, func(f *hostFacts) { f.twReuse, f.timeWait = 1, 28000 }, nil},
		{"not reused across a network", remote, func(f *hostFacts) { f.timeWait = 27233 },
			[]string{strings.ReplaceAll(timeWaitText, "reuse is 0", "reuse is 2")}},
		{"TIME_WAIT and no word on reuse", same, func(f *hostFacts) { f.twReuse, f.timeWait = unknown, 28000 }, nil},
		{"no reuse and no TIME_WAIT", same, func(f *hostFacts) { f.twReuse = 0 }, nil},

		{"as long as the queue", same, func(f *hostFacts) { f.somaxconn = 500 }, nil},
		{"longer than the queue", same, func(f *hostFacts) { f.somaxconn = 499 }, []string{backlogText}},
		{"as few connections as the queue", func(c *Config) { c.Connections = 499 }, func(f *hostFacts) { f.somaxconn = 499 }, nil},
		{"the queue of another machine", remote, func(f *hostFacts) { f.somaxconn, f.here = 499, false }, nil},
		{"no word on the queue", same, func(f *hostFacts) { f.somaxconn = unknown }, nil},

		{"a CPU that is not allowed", func(c *Config) { c.CPUs = []int{1, 3} }, func(*hostFacts) {}, []string{forbiddenText}},
		{"no word on CPUs", func(c *Config) { c.CPUs = []int{1, 3} }, func(f *hostFacts) { f.allowed = nil }, nil},
		{"loops that share a CPU", func(c *Config) { c.CPUs = []int{1, 1} }, func(*hostFacts) {}, []string{sharedText}},
		{"not pinned", func(c *Config) { c.Loops, c.CPUs = 3, nil }, func(*hostFacts) {}, nil},

		{"all at once", func(c *Config) { c.CPUs = []int{3} }, func(f *hostFacts) { f.somaxconn, f.ports, f.twReuse, f.timeWait = 499, 999, 0, 99 },
			[]string{
				strings.NewReplacer("501", "500", "1000", "999").Replace(portsText),
				strings.NewReplacer("27233", "99", "28232", "999").Replace(timeWaitText),
				backlogText, forbiddenText, sharedText,
			}},
	} {
		if got := preflight(preflightConfig(c.config), plentiful(c.facts)); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

func TestReadHostFacts(t *testing.T) {
	cfg := preflightConfig(func(*Config) {})
	facts := readHostFacts(cfg, 77)
	if facts.ports < 1 || facts.ports > 1<<16 || facts.maxOpen != 77 || facts.somaxconn < 1 || !facts.here ||
		facts.twReuse < 0 || facts.twReuse > 2 {
		t.Errorf("facts %+v", facts)
	}
	if allowed, err := AllowedCPUs(); err != nil || !slices.Equal(facts.allowed, allowed) {
		t.Errorf("CPUs %v, want %v, %v", facts.allowed, allowed, err)
	}
	if readSetting("/proc/sys/net/no/such") != unknown || readSetting("/proc/self/comm") != unknown {
		t.Error("a setting out of nothing")
	}
}

func TestIsHere(t *testing.T) {
	for text, want := range map[string]bool{
		"127.0.0.1": true, "127.8.9.10": true, "::1": true, "0.0.0.0": true, "::": true,
		"192.0.2.1": false, "2001:db8::1": false, // documentation's (RFC 5737, RFC 3849)
	} {
		if got := isHere(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range own {
		if prefix, err := netip.ParsePrefix(address.String()); err == nil && !isHere(prefix.Addr()) {
			t.Errorf("%v is an address of this machine", prefix.Addr())
		}
	}
}

func TestCountInSockstat(t *testing.T) {
	for text, want := range map[string]int{
		"sockets: used 9\nTCP: inuse 5 orphan 0 tw 12 alloc 7 mem 1\nUDP: inuse 2 mem 0\n": 12,
		"UDP: tw 7\nTCP: inuse 5 tw\n": 0,
		"TCP: tw x\n":                  0,
		"":                             0,
	} {
		if got := countInSockstat(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
	text, err := os.ReadFile("/proc/self/net/sockstat")
	if err != nil || !strings.Contains(string(text), " tw ") {
		t.Errorf("no number of TIME_WAIT: %v\n%s", err, text)
	}
}

// procText is a form of /proc/net/tcp; LOCAL and OTHER are the testee's address and another one.
const procText = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: LOCAL 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: LOCAL OTHER 06 00000000:00000000 03:00001770 00000000     0        0 0 3 0
   2: OTHER LOCAL 06 00000000:00000000 03:00001770 00000000     0        0 0 3 0
   3: OTHER LOCAL 01 00000000:00000000 03:00001770 00000000     0        0 0 3 0
   4: OTHER LOCAL 06 00000000:00000000 03:00001770 00000000     0        0 0 3 0
   5: OTHER LOCAL
`

func TestCountTimeWaits(t *testing.T) {
	for _, test := range []struct{ testee, other string }{
		{"127.0.0.1:9000", "127.0.0.1:9001"},
		{"[2001:db8::1]:80", "[2001:db8::2]:80"},
	} {
		testee := netip.MustParseAddrPort(test.testee)
		list := strings.NewReplacer("LOCAL", procAddress(testee), "OTHER", procAddress(netip.MustParseAddrPort(test.other))).Replace(procText)
		if got := countTimeWaits(strings.NewReader(list), testee); got != 2 {
			t.Errorf("%v: %d, want those whose other end it is", testee, got)
		}
	}
}

// TestProcAddress looks for a socket of its own in the kernel's list.
func TestProcAddress(t *testing.T) {
	for _, test := range []struct{ listen, list string }{
		{"127.0.0.1:0", "/proc/self/net/tcp"},
		{"[::1]:0", "/proc/self/net/tcp6"},
	} {
		l, err := net.Listen("tcp", test.listen)
		if err != nil {
			t.Logf("%s: %v", test.listen, err) // a machine without IPv6
			continue
		}
		defer l.Close()
		list, err := os.ReadFile(test.list)
		if err != nil {
			t.Fatal(err)
		}
		want := ": " + procAddress(netip.MustParseAddrPort(l.Addr().String())) + " "
		if !strings.Contains(string(list), want) {
			t.Errorf("%v is not in %s as %q", l.Addr(), test.list, want)
		}
	}
	if timeWaitsTo(netip.MustParseAddrPort("192.0.2.1:80")) != 0 {
		t.Error("TIME_WAIT to an address that is nobody's")
	}
}
