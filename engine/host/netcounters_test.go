package host

import (
	"maps"
	"testing"
)

// Of a machine with Linux 6.18, shortened.
const (
	snmpText = "Icmp: InMsgs InErrors\nIcmp: 2 0\nIcmpMsg: InType3\nIcmpMsg: 2\n" +
		"Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs RetransSegs\n" +
		"Tcp: 1 200 120000 -1 33842431 29385779 4454853 1007673 2 365247265 363996570 1255395\n"
	netstatText = "TcpExt: SyncookiesSent TW ListenOverflows ListenDrops\nTcpExt: 0 28133049 27557 27558\nIpExt: InNoRoutes InOctets\nIpExt: 0 53494165160\n"
)

func TestEachCounter(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       map[string]int64
	}{
		{"netstat", netstatText, map[string]int64{"TcpExt.SyncookiesSent": 0, "TcpExt.TW": 28133049, "TcpExt.ListenOverflows": 27557,
			"TcpExt.ListenDrops": 27558, "IpExt.InNoRoutes": 0, "IpExt.InOctets": 53494165160}},
		{"fewer values than names", "Tcp: A B\nTcp: 1\n", map[string]int64{"Tcp.A": 1}},
		{"fewer names than values", "Tcp: A\nTcp: 1 2\n", map[string]int64{"Tcp.A": 1}},
		{"names without values", "Tcp: A\nUdp: B\nUdp: 3\n", map[string]int64{"Udp.B": 3}},
		{"not a number", "Tcp: A B\nTcp: x 5\n", map[string]int64{"Tcp.B": 5}},
		{"too large a number", "Tcp: A B\nTcp: 9999999999999999999 5\n", map[string]int64{"Tcp.B": 5}},
		{"empty lines", "\n \nTcp:\nTcp:\n", map[string]int64{}},
		{"empty", "", map[string]int64{}},
	} {
		got := map[string]int64{}
		eachCounter(c.text, func(group, name string, n int64) { got[group+"."+name] = n })
		if !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	got := map[string]int64{}
	eachCounter(snmpText, func(group, name string, n int64) { got[group+"."+name] = n })
	if got["Tcp.MaxConn"] != -1 || got["Tcp.RetransSegs"] != 1255395 || got["IcmpMsg.InType3"] != 2 || len(got) != 15 {
		t.Errorf("snmp: %v", got)
	}
}

// TestNetCountersOfThisMachine checks that the files have the form that is parsed.
func TestNetCountersOfThisMachine(t *testing.T) {
	got := map[string]int64{}
	EachNetCounter(func(group, name string, n int64) { got[group+"."+name] = n })
	for _, name := range []string{"Tcp.RetransSegs", "TcpExt.ListenDrops", "TcpExt.TCPSynRetrans"} {
		if _, found := got[name]; !found {
			t.Errorf("no counter %s", name)
		}
	}
}
