package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wsperf/bench/link/netns"
)

// narrow is a network namespace with 100 local ports and accept queues of 50 connections
// (ip(7), ip_local_port_range; listen(2), somaxconn), and a testee in it.
func narrow(t *testing.T) (n *netns.Namespace, testee *scripted) {
	t.Helper()
	n, err := netns.New()
	if netns.IsRefused(err) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	var l net.Listener
	if err := n.Do(func() (err error) {
		for file, text := range map[string]string{"ipv4/ip_local_port_range": "40000 40099", "core/somaxconn": "50"} {
			if err := os.WriteFile("/proc/sys/net/"+file, []byte(text), 0); err != nil {
				return err
			}
		}
		l, err = net.Listen("tcp", "127.0.0.1:9000")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	testee = &scripted{url: "ws://127.0.0.1:9000/", polite: true, closed: make(chan struct{}, 1)}
	go testee.serveAll(l)
	return n, testee
}

// TestWorkersTogether: 3 workers exceed limits that none of them exceeds alone, or that each
// of them does. Either way there is one warning for each limit, with the sum.
func TestWorkersTogether(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ high, sources int }{{20, 2}, {60, 3}} {
		t.Run(fmt.Sprintf("high watermark %d", c.high), func(t *testing.T) {
			n, testee := narrow(t)
			inside := func(c *exec.Cmd) error { return n.Do(c.Start) }
			p := startBy(t, inside, "wsperf", "drive", "--wsuri", testee.url, "--workers", "3", "--conns", "100",
				"--lowmark", "1", "--highmark", fmt.Sprint(c.high), "--resultfile", filepath.Join(t.TempDir(), "%d"))
			stderr, code := p.end(t)
			got := slices.DeleteFunc(strings.SplitAfter(stderr, "\n"), func(line string) bool {
				return strings.Contains(line, "more than one loop per CPU")
			})
			want := []string{
				fmt.Sprintf("wsperf: warning: 3 workers together: high watermark %d, local ports 100: open and closing connections need one each too, "+
					"and starts will wait for them: widen net.ipv4.ip_local_port_range, or give %d --source addresses\n", 3*c.high, c.sources),
				fmt.Sprintf("wsperf: warning: 3 workers together: high watermark %d is above the testee's listen backlog 50, the most connections that it can leave waiting; "+
					"more take a second longer to connect: raise net.core.somaxconn (50) and the backlog of its listen(2), or lower the high watermark\n", 3*c.high),
				"",
			}
			if code != 0 || !slices.Equal(got, want) {
				t.Errorf("exit code %d, standard error\n%s\nwant\n%s", code, strings.Join(got, ""), strings.Join(want, ""))
			}
		})
	}
}
