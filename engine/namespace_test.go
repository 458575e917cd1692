package engine

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"wsperf/bench/link/netns"
)

// namespaceRole is the environment variable that tells this test program that it runs in
// a network namespace of its own.
const namespaceRole = "WSPERF_TEST_NAMESPACE"

// inNamespace reports whether this process is in a network namespace of its own
// (network_namespaces(7)), which has no interface except loopback. There a test can take
// ports and interfaces away. If it is not, inNamespace runs the calling test again in
// such a process, beside those of other tests, and the caller must return.
func inNamespace(t *testing.T) bool {
	t.Helper()
	if os.Getenv(namespaceRole) != "" {
		setInterface(t, "lo", unix.IFF_UP)
		return true
	}
	t.Parallel()
	only := "^" + strings.ReplaceAll(t.Name(), "/", "$/^") + "$" // a pattern for each level of subtests (go help testflag)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+only, "-test.v")
	cmd.Env = append(os.Environ(), namespaceRole+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if uid := os.Getuid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Skipf("a new network namespace is refused (%v): run as root, or allow unprivileged user namespaces (sysctls user.max_user_namespaces, user.max_net_namespaces)", err)
	}
	if err != nil {
		t.Errorf("in a network namespace: %v\n%s", err, out)
	}
	return false
}

// setInterface sets the flags of an interface.
func setInterface(t *testing.T, name string, flags uint16) {
	t.Helper()
	if err := netns.SetFlags(name, flags); err != nil {
		t.Fatal(err)
	}
}

// addAddress adds an address to loopback, under the name of an alias such as lo:1.
func addAddress(t *testing.T, alias string, address [4]byte) {
	t.Helper()
	if err := netns.AddAddress(alias, netip.PrefixFrom(netip.AddrFrom4(address), 32)); err != nil {
		t.Fatal(err)
	}
}

// setPortRange sets the range of local ports to that many, from 40000 on (ip(7),
// ip_local_port_range).
func setPortRange(t *testing.T, count int) {
	t.Helper()
	text := fmt.Sprintf("40000 %d", 40000+count-1)
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte(text), 0); err != nil {
		t.Fatal(err)
	}
}
