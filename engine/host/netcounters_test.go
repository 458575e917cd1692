package host

import (
	"os"
	"path/filepath"
	"testing"
)

func TestNetCounters(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"snmp":    "Ip: Forwarding DefaultTTL\nIp: 1 64\nTcp: RtoMin MaxConn RetransSegs\nTcp: 200 -1 7\n",
		"netstat": "TcpExt: SyncookiesSent ListenDrops\nTcpExt: 0 12\nIpExt: InNoRoutes\nMpTcpExt: 3\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all := netCountersIn(folder)
	if all["Tcp"]["RetransSegs"] != 7 || all["TcpExt"]["ListenDrops"] != 12 || all["Ip"]["DefaultTTL"] != 64 {
		t.Errorf("read %v", all)
	}
	if _, ok := all["Tcp"]["MaxConn"]; ok {
		t.Error("MaxConn is -1 and no count")
	}
	if _, ok := all["IpExt"]; ok {
		t.Error("a line of names without its values is a group")
	}
	if n := len(netCountersIn(t.TempDir())); n != 0 {
		t.Errorf("%d groups without files", n)
	}
}

// TestNetCountersOfThisMachine: the kernel has what a report needs.
func TestNetCountersOfThisMachine(t *testing.T) {
	all := ReadNetCounters()
	for group, names := range map[string][]string{
		"Tcp":    {"ActiveOpens", "AttemptFails", "EstabResets", "RetransSegs"},
		"TcpExt": {"ListenOverflows", "ListenDrops", "TCPReqQFullDrop", "TCPReqQFullDoCookies", "TCPSynRetrans", "TCPTimeWaitOverflow", "TCPAbortOnMemory"},
	} {
		for _, name := range names {
			if _, ok := all[group][name]; !ok {
				t.Errorf("no counter %s %s", group, name)
			}
		}
	}
}
