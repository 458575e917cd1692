package wire

import (
	"net/netip"
	"os"
	"testing"

	"wsperf/bench/link/netns"
	"wsperf/bench/program"
	"wsperf/bench/quiet"
	"wsperf/engine/host"
)

func TestMain(m *testing.M) {
	if os.Getenv(testeeRole) != "" {
		serve()
		return
	}
	programs.Main(m)
}

var programs program.Builder

// link is what client and testee are connected by.
type link struct {
	near, far quiet.Place // of client and testee
	address   string      // of the testee
	device    string      // of the testee, at which packets are captured
	beacon    string      // an address behind the device

	nearCPU, farCPU int
}

var links = []struct {
	name string
	make func(*testing.T) link
}{{"loopback", loopback}, {"veth", veth}}

// loopback is a network namespace for client and testee.
func loopback(t *testing.T) link {
	t.Helper()
	p := quiet.New(t)
	l := link{near: p, far: p, address: "127.0.0.1", device: "lo", beacon: "127.0.0.1:9"}
	return l.withCPUs(t)
}

// veth is two namespaces and a pair of Ethernet devices.
func veth(t *testing.T) link {
	t.Helper()
	l := link{near: quiet.New(t), far: quiet.New(t), address: "10.98.0.2", device: "far0", beacon: "10.98.0.1:9"}
	l = l.withCPUs(t)
	end := func(p quiet.Place, name, address string) netns.End {
		return netns.End{Namespace: p.Namespace(), Name: name, Addresses: []netip.Prefix{netip.MustParsePrefix(address + "/24")}}
	}
	err := netns.Veth(end(l.near, "near0", "10.98.0.1"), end(l.far, l.device, l.address))
	if netns.IsRefused(err) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (l link) withCPUs(t *testing.T) link {
	t.Helper()
	if l.near.Namespace() == nil || l.far.Namespace() == nil {
		t.Skip("needs root, to capture packets in a network namespace of its own")
	}
	cpus, err := host.AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	if len(cpus) < 2 {
		t.Skip("client and testee need a CPU each")
	}
	l.nearCPU, l.farCPU = cpus[0], cpus[1]
	return l
}
