package host

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

// maxNames bounds the list of interfaces in an error.
const maxNames = 16

// Interface returns the index of the network interface of that name. Its error names those
// that exist.
func Interface(name string) (index int, err error) {
	all, err := net.Interfaces()
	if err != nil {
		return 0, err
	}
	var names []string
	for _, i := range all {
		if i.Name == name {
			return i.Index, nil
		}
		names = append(names, strconv.Quote(i.Name))
	}
	if len(names) > maxNames {
		names = append(names[:maxNames], "...")
	}
	return 0, fmt.Errorf("this machine has no network interface %q: must be one of %s", name, strings.Join(names, ", "))
}

// IsLocal reports whether a connection to the address stays on this machine. Linux
// connects to loopback if the address is unspecified (ip_route_output_key_hash_rcu in
// net/ipv4/route.c, tcp_v6_connect in net/ipv6/tcp_ipv6.c).
func IsLocal(a netip.Addr) bool {
	if a.IsLoopback() || a.IsUnspecified() {
		return true
	}
	own, _ := net.InterfaceAddrs() // nil if they cannot be read
	return slices.ContainsFunc(own, func(address net.Addr) bool {
		prefix, err := netip.ParsePrefix(address.String())
		return err == nil && prefix.Addr().WithZone("") == a.WithZone("")
	})
}

// TimeWaits returns the number of connections in TIME_WAIT, whichever end closed
// first (proc(5), /proc/net/sockstat); 0 if it cannot be read.
func TimeWaits() int {
	text, err := os.ReadFile("/proc/thread-self/net/sockstat")
	if err != nil {
		return 0
	}
	return countInSockstat(string(text))
}

func countInSockstat(text string) int {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		i := slices.Index(words, "tw")
		if i < 0 || words[0] != "TCP:" || i+1 == len(words) {
			continue
		}
		n, _ := strconv.Atoi(words[i+1]) // 0 if it is not a number
		return n
	}
	return 0
}

// TimeWaitsTo returns the number of connections in TIME_WAIT with that remote address
// and port; 0 if they cannot be read. It reads the list of all connections.
func TimeWaitsTo(remote netip.AddrPort) int {
	path := "/proc/thread-self/net/tcp"
	if !remote.Addr().Unmap().Is4() {
		path = "/proc/thread-self/net/tcp6"
	}
	list, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer list.Close()
	return countTimeWaits(list, remote)
}

// timeWaitState is TCP_TIME_WAIT (include/net/tcp_states.h), as /proc/net/tcp writes it.
const timeWaitState = "06"

// countTimeWaits counts in the format of /proc/net/tcp (proc(5)): number, local address,
// remote address, state. It stops at a read error.
func countTimeWaits(list io.Reader, remote netip.AddrPort) (n int) {
	address := procAddress(remote)
	for lines := bufio.NewScanner(list); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) > 3 && words[2] == address && words[3] == timeWaitState {
			n++
		}
	}
	return n
}

// procAddress formats an address as /proc/net/tcp does: every four bytes as one
// hexadecimal number in host byte order.
func procAddress(a netip.AddrPort) string {
	var text strings.Builder
	for b := a.Addr().Unmap().AsSlice(); len(b) > 0; b = b[4:] {
		fmt.Fprintf(&text, "%08X", binary.NativeEndian.Uint32(b))
	}
	fmt.Fprintf(&text, ":%04X", a.Port())
	return text.String()
}
