package host

import (
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// listenerOf returns a socket that listens, its inode as sock_diag gives it, and a file to let
// a child inherit it.
func listenerOf(t *testing.T) (inode uint32, file *os.File) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	file, err = l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	all, err := Listeners(netip.MustParseAddrPort(l.Addr().String()).Port())
	if err != nil || len(all) != 1 {
		t.Fatalf("listeners %+v, %v", all, err)
	}
	return all[0].Inode, file
}

// TestSocketOwners: children that inherit a listening socket, as those of a pre-forking server
// do, are found. This process, which has it too, is not.
func TestSocketOwners(t *testing.T) {
	inode, file := listenerOf(t)
	if o := SocketOwners([]uint32{inode}, time.Minute); len(o.PIDs) > 0 || o.Incomplete || o.Hidden != 1 {
		t.Errorf("%+v before there is a child", o)
	}
	a, b := startOther(t, 0, 0, file), startOther(t, 0, 0, file)
	startOther(t, 0, 0)
	want := []int{a.Process.Pid, b.Process.Pid}
	slices.Sort(want)
	o := SocketOwners([]uint32{inode + 1<<20, inode}, time.Minute)
	if !slices.Equal(o.PIDs, want) || o.Incomplete || o.Hidden != 1 {
		t.Errorf("%+v, want %v", o, want)
	}
	if o := SocketOwners([]uint32{inode}, -1); len(o.PIDs) > 0 || !o.Incomplete {
		t.Errorf("%+v without time", o)
	}
}

// nobodyRole is the environment variable that makes this test program look for a socket, whose
// inode is its value, as another user.
const nobodyRole = "WSPERF_TEST_NOBODY"

// TestSocketOwnersOfAnotherUser: it is known that a process was not looked into.
func TestSocketOwnersOfAnotherUser(t *testing.T) {
	if text := os.Getenv(nobodyRole); text != "" {
		lookAsNobody(t, text)
		return
	}
	if os.Getuid() != 0 {
		t.Skip("run as root: the test becomes another user")
	}
	inode, file := listenerOf(t)
	o := startOther(t, 0, 0, file)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), nobodyRole+"="+strconv.Itoa(int(inode))+","+strconv.Itoa(o.Process.Pid))
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
		t.Errorf("%v\n%s", err, out)
	}
}

func lookAsNobody(t *testing.T, text string) {
	first, second, _ := strings.Cut(text, ",")
	inode, _ := strconv.Atoi(first)
	pid, _ := strconv.Atoi(second)
	const nobody = 65534
	if err := syscall.Setgroups(nil); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setuid(nobody); err != nil {
		t.Fatal(err)
	}
	if o := SocketOwners([]uint32{uint32(inode)}, time.Minute); !o.Refused || len(o.PIDs) > 0 {
		t.Errorf("%+v, want refused", o)
	}
	// All but its descriptors is known of a process that is named.
	w, err := WatchProcesses([]int{pid}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	w.Begin()
	w.End()
	if u := w.Usage(); u.Processes != 1 || u.PeakBytes == 0 || u.Descriptors != 0 || len(u.CPUs) == 0 {
		t.Errorf("%+v", u)
	}
}
