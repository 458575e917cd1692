package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/bench/link/netns"
	"wsperf/cmd/internal/ui"
	"wsperf/engine/host"
)

// startWithHosts starts a program that sees another /etc/hosts: in a mount namespace of its
// own (mount_namespaces(7)).
func startWithHosts(t *testing.T, hosts string, args ...string) *program {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(file, []byte(hosts), 0o644); err != nil {
		t.Fatal(err)
	}
	return startBy(t, func(c *exec.Cmd) error {
		var err error
		host.OwnThread(func() {
			if err = mountHosts(file); err == nil {
				err = c.Start()
			}
		})
		if os.IsPermission(err) {
			t.Skipf("a mount namespace needs CAP_SYS_ADMIN (run as root): %v", err)
		}
		return err
	}, "wsperf", args...)
}

func mountHosts(file string) error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	return unix.Mount(file, "/etc/hosts", "", unix.MS_BIND, "")
}

const bothLoopbacks = "127.0.0.1 both.test\n::1 both.test\n"

// TestNameWithTwoAddresses runs against a name of two addresses with a testee on one, the
// other, or none.
func TestNameWithTwoAddresses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"[::1]:0", "127.0.0.1:0"} {
		l := listenOrSkip(t, address)
		_, port, _ := net.SplitHostPort(l.Addr().String())
		go (&scripted{polite: true, closed: make(chan struct{}, 1)}).serveAll(l)
		url := "ws://both.test:" + port + "/"
		dir := t.TempDir()
		p := startWithHosts(t, bothLoopbacks, "run", url, "--conns", "20", "--json")
		mustReach(t, p, l.Addr().String(), 20)
		p = startWithHosts(t, bothLoopbacks, "drive", "--wsuri", url, "--workers", "2", "--conns", "10",
			"--resultfile", filepath.Join(dir, "%d.json"), "--json")
		mustReach(t, p, l.Addr().String(), 20)
	}
}

func TestNameWithoutTestee(t *testing.T) {
	l := listenOrSkip(t, "127.0.0.1:0")
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	want := fmt.Sprintf("wsperf: no address of host name \"both.test\" accepts a connection: [::1]:%s: connection refused, "+
		"127.0.0.1:%[1]s: connection refused: start the testee, or correct the port\n", port)
	dir := t.TempDir()
	for _, args := range [][]string{
		{"run", "ws://both.test:" + port, "--out", filepath.Join(dir, "result.json")},
		{"drive", "--wsuri", "ws://both.test:" + port, "--resultfile", filepath.Join(dir, "%d.json")},
	} {
		p := startWithHosts(t, bothLoopbacks, args...)
		if stderr, code := p.end(t); stderr != want || code != ui.ExitFailed || p.stdout.Len() > 0 {
			t.Errorf("exit code %d, standard output %q, standard error %q, want %q", code, p.stdout.String(), stderr, want)
		}
	}
	mustList(t, dir)
}

// TestInterruptedProbe interrupts a run while it waits for the answer of an address. The
// other one refuses.
func TestInterruptedProbe(t *testing.T) {
	t.Parallel()
	where, awaitSYN := beginConnecting(t)
	at := strings.TrimSuffix(strings.TrimPrefix(where, "ws://"), "/")
	first, err := net.Dial("tcp", at) // fills the accept queue
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	_, port, _ := net.SplitHostPort(at)
	dir := t.TempDir()
	p := startWithHosts(t, "127.0.0.1 both.test\n127.0.0.2 both.test\n",
		"run", "ws://both.test:"+port, "--connect-timeout", "10m", "--out", filepath.Join(dir, "result.json"))
	awaitSYN()
	if err := p.Process.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	if stderr, code := p.end(t); stderr != "wsperf: interrupted before the run began\n" || code != ui.ExitInterrupted || p.stdout.Len() > 0 {
		t.Errorf("exit code %d, standard error %q, standard output %q", code, stderr, p.stdout.String())
	}
	mustList(t, dir)
}

func listenOrSkip(t *testing.T, address string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil && strings.HasPrefix(address, "[") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// mustReach expects that many successes at an address in a program's JSON result.
func mustReach(t *testing.T, p *program, address string, successes int) {
	t.Helper()
	stderr, code := p.end(t)
	var r struct {
		Success int
		Config  struct{ Address string }
	}
	if err := json.Unmarshal(p.stdout.Bytes(), &r); err != nil {
		t.Fatalf("exit code %d, %v: standard error %q", code, err, stderr)
	}
	if code != ui.ExitDone || r.Success != successes || r.Config.Address != address {
		t.Errorf("exit code %d, %d successes at %s, want %d at %s; standard error %q", code, r.Success, r.Config.Address, successes, address, stderr)
	}
}

// TestLinkLocal runs against a testee at the other end of a link, whose address has a zone.
func TestLinkLocal(t *testing.T) {
	t.Parallel()
	near, far := linkOrSkip(t)
	var l net.Listener
	usable(t, func() error {
		return far.Do(func() (err error) { l, err = net.Listen("tcp", "[fe80::2%far0]:0"); return err })
	})
	t.Cleanup(func() { _ = l.Close() })
	s := &scripted{polite: true, closed: make(chan struct{}, 1), hosts: make(chan string, 1)}
	go s.serveAll(l)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	awaitPath(t, near, port)
	inNear := func(args ...string) *program {
		return startBy(t, func(c *exec.Cmd) error { return near.Do(c.Start) }, "wsperf", append([]string{"run"}, args...)...)
	}
	url := "ws://[fe80::2%25near0]:" + port + "/"
	for _, args := range [][]string{{url}, {url, "--source", "fe80::1%near0"}} {
		mustReach(t, inNear(append(args, "--conns", "20", "--json")...), "[fe80::2%near0]:"+port, 20)
		select {
		case got := <-s.hosts:
			if got != "[fe80::2]:"+port {
				t.Errorf("Host: %s, want it without the zone", got)
			}
		case <-time.After(patience):
			t.Error("the testee saw no request")
		}
	}
	refuseZones(t, inNear, url)
}

// refuseZones expects an error for zones that are no interface, or are not the same.
func refuseZones(t *testing.T, inNear func(args ...string) *program, url string) {
	t.Helper()
	for _, c := range []struct{ args, want string }{
		{"ws://[fe80::2%25eth7]:9/", `URL "ws://[fe80::2%25eth7]:9/": this machine has no network interface "eth7": must be one of "lo", "near0"`},
		{url + " --source fe80::1%eth7", `--source fe80::1%eth7: this machine has no network interface "eth7": must be one of "lo", "near0"`},
		{url + " --source fe80::1%lo", "--source fe80::1%lo and the testee's address fe80::2%near0 have different zones: must be on one link"},
	} {
		want := "wsperf: " + c.want + " (see wsperf run --help)\n"
		if stderr, code := inNear(strings.Fields(c.args)...).end(t); stderr != want || code != ui.ExitUsage {
			t.Errorf("%s: exit code %d, %q, want %q", c.args, code, stderr, want)
		}
	}
}

// awaitPath waits until a connection from one end of the link to the other succeeds.
func awaitPath(t *testing.T, near *netns.Namespace, port string) {
	t.Helper()
	usable(t, func() error {
		return near.Do(func() error {
			d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "near0"}, Timeout: patience}
			c, err := d.Dial("tcp", "[fe80::2%near0]:"+port)
			if err == nil {
				err = c.Close()
			}
			return err
		})
	})
}

// linkOrSkip returns the two ends of a link with fe80::1%near0 and fe80::2%far0.
func linkOrSkip(t *testing.T) (near, far *netns.Namespace) {
	t.Helper()
	var ends [2]netns.End
	for i, name := range []string{"near0", "far0"} {
		n, err := netns.New()
		if netns.IsRefused(err) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = n.Close() })
		ends[i] = netns.End{Namespace: n, Name: name, Addresses: []netip.Prefix{netip.MustParsePrefix(fmt.Sprintf("fe80::%d/64", i+1))}}
	}
	if err := netns.Veth(ends[0], ends[1]); netns.IsRefused(err) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	return ends[0].Namespace, ends[1].Namespace
}

// usable waits until a link-local address is no longer tentative, which the kernel decides
// in the background.
func usable(t *testing.T, try func() error) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
