package main

import (
	"fmt"
	"net/netip"
	"os/exec"
	"strconv"

	"wsperf/bench/link/netns"
)

// network is two network namespaces that a veth pair connects, one for the client and one
// for the testee. Programs enter them by nsenter(1), which replaces itself.
type network struct {
	namespaces []*netns.Namespace
	client     []string // the beginning of a client's command line
	testee     string   // the beginning of a testee's
	err        error    // why there is none
}

// The addresses of the two ends.
var (
	clientEnd = netip.MustParsePrefix("10.98.0.1/24")
	testeeEnd = netip.MustParsePrefix("10.98.0.2/24")
)

func newNetwork() (n network) {
	nsenter, err := exec.LookPath("nsenter")
	if err != nil {
		return network{err: fmt.Errorf("nsenter is not installed (apt-get install util-linux): %w", err)}
	}
	for range 2 {
		namespace, err := netns.New()
		if err != nil {
			n.close()
			return network{err: err}
		}
		n.namespaces = append(n.namespaces, namespace)
	}
	near, far := n.namespaces[0], n.namespaces[1]
	n.client = []string{nsenter, "--net=" + near.Path()}
	n.testee = nsenter + " --net=" + far.Path() + " "
	n.err = netns.Veth(netns.End{Namespace: near, Name: "client0", Addresses: []netip.Prefix{clientEnd}},
		netns.End{Namespace: far, Name: "testee0", Addresses: []netip.Prefix{testeeEnd}})
	return n
}

func (n *network) close() {
	for _, namespace := range n.namespaces {
		_ = namespace.Close()
	}
}

// acrossNamespaces compares with the floors as floors does, with a testee in another
// network namespace: packets go through two Ethernet devices, and TCP does not take the
// shortcuts of loopback.
func (b *bench) acrossNamespaces(inFlight int) comparison {
	t := testeeSpec{command: b.network.testee + b.programs.testee + " --exit-on-eof 0 1 1 -1 " + testeeEnd.Addr().String()}
	return comparison{title: "another namespace: a testee behind a veth pair, " + strconv.Itoa(inFlight) + " in flight", clients: []client{
		b.floorAcross("floor", b.programs.floor, t, inFlight),
		b.floorAcross("tuned-floor", b.programs.tuned, t, inFlight),
		b.wsperfAcross("wsperf", t, inFlight),
	}, figures: []figure{cpu}, goal: "at most 1.05 against both", refused: b.network.err}
}

func (b *bench) floorAcross(name, path string, t testeeSpec, inFlight int) client {
	return b.across(client{name: name, cpus: []int{b.clientCPU}, testee: t, made: printed, args: func(port string, handshakes int) []string {
		return []string{path, port, strconv.Itoa(handshakes), strconv.Itoa(inFlight), testeeEnd.Addr().String()}
	}})
}

func (b *bench) wsperfAcross(name string, t testeeSpec, inFlight int) client {
	return b.across(client{name: name, cpus: []int{b.clientCPU}, testee: t, made: reported, args: func(port string, handshakes int) []string {
		n := strconv.Itoa(inFlight)
		return []string{b.programs.wsperf, "run", "ws://" + testeeEnd.Addr().String() + ":" + port + "/", "--conns", strconv.Itoa(handshakes),
			"--low", n, "--high", n, "--quiet"}
	}})
}

// across runs a client in its namespace.
func (b *bench) across(c client) client {
	args := c.args
	c.args = func(port string, handshakes int) []string {
		return append(b.network.client[:len(b.network.client):len(b.network.client)], args(port, handshakes)...)
	}
	return c
}
