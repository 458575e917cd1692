package host

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// listening is how a test's socket listens.
type listening struct {
	address string // without a port
	v6Only  bool
	backlog int
}

// listen opens a socket with SO_REUSEPORT that listens on a port, 0 for any, until the test
// ends, and returns the port.
func (how listening) listen(t *testing.T, port uint16) uint16 {
	t.Helper()
	at := sockaddr(netip.AddrPortFrom(netip.MustParseAddr(how.address), port))
	family := unix.AF_INET
	if _, is6 := at.(*unix.SockaddrInet6); is6 {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == unix.EAFNOSUPPORT {
		t.Skip("the kernel has no IPv6")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if family == unix.AF_INET6 {
		v6Only := 0
		if how.v6Only {
			v6Only = 1
		}
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, v6Only)
	}
	err = errors.Join(err, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1), unix.Bind(fd, at), unix.Listen(fd, how.backlog))
	if err != nil {
		t.Fatalf("%+v: %v", how, err)
	}
	return portOf(t, fd)
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
}

func portOf(t *testing.T, fd int) uint16 {
	t.Helper()
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	switch at := name.(type) {
	case *unix.SockaddrInet4:
		return uint16(at.Port)
	case *unix.SockaddrInet6:
		return uint16(at.Port)
	}
	t.Fatalf("socket name %T", name)
	return 0
}

// TestListeners compares what the kernel says with the sockets that the test has opened.
func TestListeners(t *testing.T) {
	for _, c := range []struct {
		name    string
		sockets []listening
		testee  string
		want    []Listener
	}{
		{"the address itself", []listening{{"127.0.0.1", false, 5}}, "127.0.0.1", []Listener{{netip.MustParseAddr("127.0.0.1"), false, 5, 0, 0}}},
		{"another address", []listening{{"127.0.0.1", false, 5}}, "127.0.0.2", nil},
		{"any address", []listening{{"0.0.0.0", false, 5}}, "127.0.0.2", []Listener{{netip.IPv4Unspecified(), false, 5, 0, 0}}},
		{"a shared port", []listening{{"127.0.0.1", false, 5}, {"127.0.0.1", false, 6}, {"0.0.0.0", false, 100}}, "127.0.0.1",
			[]Listener{{netip.MustParseAddr("127.0.0.1"), false, 5, 0, 0}, {netip.MustParseAddr("127.0.0.1"), false, 6, 0, 0}}},
		{"any address of both families", []listening{{"::", false, 7}}, "127.0.0.1", []Listener{{netip.IPv6Unspecified(), false, 7, 0, 0}}},
		{"IPv6 only", []listening{{"::", true, 7}}, "127.0.0.1", nil},
		{"IPv6 only, from IPv6", []listening{{"::", true, 7}}, "::1", []Listener{{netip.IPv6Unspecified(), true, 7, 0, 0}}},
		{"IPv4 is preferred", []listening{{"::", false, 7}, {"0.0.0.0", false, 8}}, "127.0.0.1", []Listener{{netip.IPv4Unspecified(), false, 8, 0, 0}}},
		{"an IPv4 address in IPv6", []listening{{"::ffff:127.0.0.1", false, 9}}, "127.0.0.1", []Listener{{netip.MustParseAddr("127.0.0.1"), false, 9, 0, 0}}},
		{"an unspecified testee", []listening{{"127.0.0.1", false, 5}}, "0.0.0.0", []Listener{{netip.MustParseAddr("127.0.0.1"), false, 5, 0, 0}}},
		{"IPv4 does not accept IPv6", []listening{{"0.0.0.0", false, 8}}, "::1", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			port := uint16(0)
			for _, how := range c.sockets {
				port = how.listen(t, port)
			}
			all, err := Listeners(port)
			if err != nil || len(all) != len(c.sockets) {
				t.Fatalf("listeners %+v, %v; want %d", all, err, len(c.sockets))
			}
			for i := range all {
				if all[i].Inode == 0 {
					t.Errorf("%+v has no inode", all[i])
				}
				all[i].Inode = 0
			}
			slices.SortFunc(all, func(a, b Listener) int { return cmp.Compare(a.Backlog, b.Backlog) })
			if got := ListenersFor(all, netip.MustParseAddr(c.testee)); !reflect.DeepEqual(got, c.want) {
				t.Errorf("for %s: %+v, want %+v", c.testee, got, c.want)
			}
		})
	}
}

// TestListenersAsSSLists compares with ss(8).
func TestListenersAsSSLists(t *testing.T) {
	ss, err := exec.LookPath("ss")
	if err != nil {
		t.Skip("ss is not installed (apt-get install iproute2)")
	}
	port := listening{"127.0.0.1", false, 11}.listen(t, 0)
	out, err := exec.Command(ss, "-Hltn", fmt.Sprintf("sport = :%d", port)).Output()
	if err != nil {
		t.Fatal(err)
	}
	all, err := Listeners(port)
	if err != nil || len(all) != 1 {
		t.Fatalf("listeners %+v, %v", all, err)
	}
	// State, Recv-Q, Send-Q, which is the backlog, address.
	want := fmt.Sprintf("LISTEN 0 %d %v:%d", all[0].Backlog, all[0].Address, port)
	if got := strings.Join(strings.Fields(string(out)), " "); !strings.HasPrefix(got, want) {
		t.Errorf("ss lists %q, want %q", got, want)
	}
}

func TestListenersUnprivileged(t *testing.T) {
	port := listening{"127.0.0.1", false, 5}.listen(t, 0)
	OwnThread(func() {
		const nobody = 65534
		// The raw call changes this thread only (setresuid(2), C library/kernel differences).
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, nobody, nobody, nobody); errno != 0 {
			t.Logf("not root, no privilege to drop: %v", errno)
		}
		if all, err := Listeners(port); err != nil || len(all) != 1 {
			t.Errorf("listeners %+v, %v; want 1", all, err)
		}
	})
}

// TestListenersWithoutNetlink has the kernel refuse a netlink socket to the thread, as a
// sandbox does (seccomp(2)).
func TestListenersWithoutNetlink(t *testing.T) {
	for _, errno := range []unix.Errno{unix.EPERM, unix.EAFNOSUPPORT} {
		OwnThread(func() {
			if err := refuseNetlink(errno); err != nil {
				t.Skipf("no seccomp filter: %v", err)
			}
			if all, err := Listeners(1); len(all) != 0 || err == nil || !strings.HasSuffix(err.Error(), errno.Error()) {
				t.Errorf("listeners %+v, %v; want %v", all, err, errno)
			}
		})
	}
}

// refuseNetlink makes socket(2) fail on the calling thread if the family is AF_NETLINK.
func refuseNetlink(errno unix.Errno) error {
	const number, firstArgument = 0, 16 // offsets in struct seccomp_data, little endian
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: number},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 3, K: unix.SYS_SOCKET},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: firstArgument},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: unix.AF_NETLINK},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}

// TestParseListenerIsBounded feeds damaged answers.
func TestParseListenerIsBounded(t *testing.T) {
	whole := make([]byte, answerBytes+8)
	whole[answerFamily] = unix.AF_INET6
	attribute := whole[answerBytes:]
	attribute[0], attribute[2], attribute[4] = 5, attributeV6Only, 1
	if l, ok := parseListener(whole); !ok || !l.V6Only {
		t.Errorf("listener %+v, %v; want IPv6 only", l, ok)
	}
	for n := range whole {
		if l, ok := parseListener(whole[:n]); ok != (n >= answerBytes) || l.V6Only != (n >= answerBytes+5) {
			t.Errorf("%d bytes: %+v, %v", n, l, ok)
		}
	}
	for _, length := range []byte{0, 3, 255} {
		damaged := bytes.Clone(whole)
		damaged[answerBytes] = length
		if l, _ := parseListener(damaged); l.V6Only {
			t.Errorf("an attribute of %d bytes was read", length)
		}
	}
	if refusal(nil) == nil || refusal([]byte{0, 0, 0, 0}) == nil {
		t.Error("a refusal without an error")
	}
}
