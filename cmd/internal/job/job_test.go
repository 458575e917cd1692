package job

import (
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"wsperf/engine/host"
	"wsperf/handshake"
	"wsperf/stats"
)

func TestParseHeaders(t *testing.T) {
	got := parseHeaders([]string{"A: b", "C:d: e \t", "F:"})
	want := []handshake.Header{{Name: "A", Value: "b"}, {Name: "C", Value: "d: e"}, {Name: "F"}}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// full returns options that all differ from their defaults.
func full() Options {
	return Options{Setup: stats.Setup{
		URL: "ws://127.0.0.1/x", Sources: []string{"127.0.0.3", "127.0.0.2"}, Headers: []string{"Cookie: id=7"},
		Subprotocols: []string{"p"}, Origin: "https://example.org", Loops: 1, DurationUs: 1500000, Low: 3, High: 5, CloseCode: 3000,
		ConnectTimeoutUs: 1e6, OpenTimeoutUs: 2e6, CloseTimeoutUs: 3e6, Log: true, Samples: 7,
	}}
}

func TestEngineConfigHasEveryOption(t *testing.T) {
	j, err := New(full())
	if err != nil {
		t.Fatal(err)
	}
	addr := netip.MustParseAddrPort("127.0.0.1:80")
	got, err := j.EngineConfig(addr)
	if err != nil {
		t.Fatal(err)
	}
	want := got // request, rules and CPUs are compared elsewhere
	want.Addr, want.Loops, want.Connections, want.Duration, want.Low, want.High = addr, 1, 0, 1500*time.Millisecond, 3, 5
	want.Sources = []netip.Addr{netip.MustParseAddr("127.0.0.3"), netip.MustParseAddr("127.0.0.2")}
	want.ConnectTimeout, want.OpenTimeout, want.CloseTimeout = time.Second, 2*time.Second, 3*time.Second
	want.CloseCode, want.Log, want.Samples = 3000, true, 7
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want\n%+v", got, want)
	}
}

// TestDescribe checks that the result has the options with credentials masked, and
// keeps what the engine filled in.
func TestDescribe(t *testing.T) {
	o := full()
	j, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	found := stats.Setup{Address: "127.0.0.1:80", Loops: 1, CPUs: []int{1}, MaxOpen: 9, MaxOpenBy: stats.LimitPorts, GoVersion: "g", Kernel: "k"}
	r := &stats.Result{Setup: found}
	j.Describe(r)
	want := o.Setup
	want.Headers, want.Version = []string{"Cookie: ***"}, Version
	want.Address, want.CPUs, want.MaxOpen, want.MaxOpenBy, want.GoVersion, want.Kernel = found.Address, found.CPUs, found.MaxOpen, found.MaxOpenBy, found.GoVersion, found.Kernel
	if !reflect.DeepEqual(r.Setup, want) {
		t.Errorf("%+v, want\n%+v", r.Setup, want)
	}
	if j.Headers[0] != "Cookie: id=7" {
		t.Errorf("the options themselves were masked: %q", j.Headers)
	}
}

func TestNewRefuses(t *testing.T) {
	for want, spoil := range map[string]func(*Options){
		"low watermark 0: must be 1 or more":                                      func(o *Options) { o.Low = 0 },
		"high watermark 0: must be 1 or more":                                     func(o *Options) { o.High = 0 },
		"high watermark -1: must be 1 or more":                                    func(o *Options) { o.High = -1 },
		"low watermark 6 is above the high watermark 5: must be at most that":     func(o *Options) { o.Low = 6 },
		"close timeout 0s: must be above 0 and at most 10m0s":                     func(o *Options) { o.CloseTimeoutUs = 0 },
		`"x" is not an IP address`:                                                func(o *Options) { o.Sources = []string{"x"} },
		"URL: http:// is not a WebSocket URL: use ws:// or wss://":                func(o *Options) { o.URL = "http://x" },
		"0 loops means one loop that is not pinned: CPUs cannot be given with it": func(o *Options) { o.Loops, o.CPUs = 0, mustAllow() },
		"a number of connections and a duration cannot be given together":         func(o *Options) { o.Connections = 1 },
		"close code 1005: must be 1000-1003, 1007-1011 or 3000-4999":              func(o *Options) { o.CloseCode = 1005 },
	} {
		o := full()
		spoil(&o)
		if _, err := New(o); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func mustAllow() []int {
	cpus, err := host.AllowedCPUs()
	if err != nil {
		panic(err)
	}
	return cpus[:1]
}
