package engine

import (
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"wsperf/handshake"
)

// validConfig returns a configuration of one connection to a testee at that address.
func validConfig(t testing.TB, addr string) Config {
	t.Helper()
	request, err := handshake.NewRequest(handshake.RequestConfig{Host: addr, Target: "/"})
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Addr: netip.MustParseAddrPort(addr), Request: request, Rules: handshake.NewRules(nil),
		Loops: 1, Load: Load{Connections: 1, Low: 1, High: 1}, CloseCode: 1000,
		ConnectTimeout: 10 * time.Second, OpenTimeout: 10 * time.Second, CloseTimeout: 5 * time.Second,
	}
}

func TestValidateRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*Config)
		want  string
	}{
		{"no address", func(c *Config) { c.Addr = netip.AddrPort{} }, "testee address"},
		{"port 0", func(c *Config) { c.Addr = netip.MustParseAddrPort("127.0.0.1:0") }, "port of 1 to 65535"},
		{"no request", func(c *Config) { c.Request = nil }, "request"},
		{"close code", func(c *Config) { c.CloseCode = 1005 }, "1005"},
		{"no loops", func(c *Config) { c.Loops = 0 }, "loops 0: must be 1 to"},
		{"too many loops", func(c *Config) { c.Loops = MaxLoops + 1 }, "loops 1025: must be 1 to"},
		{"CPU", func(c *Config) { c.CPUs = []int{-1} }, "CPU -1"},
		{"connections", func(c *Config) { c.Connections = -1 }, "connections -1"},
		{"neither count nor duration", func(c *Config) { c.Connections = 0 }, "is needed"},
		{"both count and duration", func(c *Config) { c.Duration = time.Second }, "cannot be given together"},
		{"low 0", func(c *Config) { c.Low = 0 }, "low watermark 0: must be 1 or more"},
		{"low above high", func(c *Config) { c.Low = 2 }, "low watermark 2 is above the high watermark 1"},
		{"connect timeout", func(c *Config) { c.ConnectTimeout = 0 }, "connect timeout 0s"},
		{"open timeout", func(c *Config) { c.OpenTimeout = MaxTimeout + 1 }, "at most 10m0s"},
		{"process", func(c *Config) { c.Processes.PIDs = []int{os.Getpid(), 1 << 30} }, "testee: there is no process 1073741824: must be"},
		{"process 0", func(c *Config) { c.Processes.PIDs = []int{0} }, "there is no process 0"},
		{"cgroup", func(c *Config) { c.Processes.Cgroup = "/nowhere\n" }, `testee: cgroup "/nowhere\n": does not exist: must be`},
		{"close timeout", func(c *Config) { c.CloseTimeout = -time.Second }, "close timeout -1s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := validConfig(t, "127.0.0.1:9000")
			if err := cfg.Validate(); err != nil {
				t.Fatalf("unspoilt configuration: %v", err)
			}
			c.spoil(&cfg)
			err := cfg.Validate()
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got %v, want one line with %q", err, c.want)
			}
			if _, _, prepared := Prepare(cfg); prepared == nil {
				t.Error("Prepare accepts what Validate refuses")
			}
		})
	}
}

func TestPrepareFitsLoopsToTheLoad(t *testing.T) {
	for _, c := range []struct {
		name                    string
		loops, low              int
		connections             int64
		wantLoops, wantWarnings int
	}{
		{"as configured", 4, 4, 4, 4, 0},
		{"low watermark below the loops", 4, 3, 100, 3, 1},
		{"fewer connections than loops", 4, 4, 2, 2, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := validConfig(t, "127.0.0.1:9000")
			cfg.Loops, cfg.Low, cfg.High, cfg.Connections = c.loops, c.low, 100, c.connections
			run, warnings, err := Prepare(cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer run.Close()
			if len(run.loops) != c.wantLoops || len(warnings) != c.wantWarnings {
				t.Errorf("%d loops, warnings %v; want %d loops and %d warnings", len(run.loops), warnings, c.wantLoops, c.wantWarnings)
			}
			var connections int64
			low, high := 0, 0
			for i := range run.loops {
				p := run.part(i)
				connections, low, high = connections+p.load.Connections, low+p.load.Low, high+p.load.High
			}
			if connections != c.connections || low != c.low || high != 100 {
				t.Errorf("shares add up to %d connections, low %d, high %d; want %d, %d, 100", connections, low, high, c.connections, c.low)
			}
		})
	}
}

func TestPrepareWarns(t *testing.T) {
	cfg := validConfig(t, "127.0.0.1:9000")
	cfg.Loops, cfg.CPUs, cfg.Low, cfg.High, cfg.Connections = 3, []int{0}, 100, 1<<30, 1000
	run, warnings, err := Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	all := strings.Join(texts(warnings), "\n")
	for _, want := range []string{"loops 3, CPUs 1", "descriptor limit"} {
		if !strings.Contains(all, want) {
			t.Errorf("no warning about %q in %q", want, all)
		}
	}
}
