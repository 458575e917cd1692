//go:build cluster

package cluster

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/bench/program"
)

const (
	nodes = 3
	// readyWithin bounds the start of a cluster: Kubernetes takes 10 s on two idle CPUs.
	readyWithin = 4 * time.Minute
	// preparedWithin bounds each script that installs or builds: kubebox takes 10 minutes.
	preparedWithin = 20 * time.Minute
	// endedWithin bounds the end of a cluster, which takes a second.
	endedWithin = 30 * time.Second
)

var programs program.Builder

func TestMain(m *testing.M) {
	if why := unusable(); why != "" {
		fmt.Println("SKIPPED: bench/cluster: " + why)
		return
	}
	os.Setenv("CGO_ENABLED", "0") // there is no C library in the image
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, unix.SIGINT, unix.SIGTERM)
	go func() {
		<-interrupted
		endAll()
		os.Exit(130)
	}()
	defer endAll()
	programs.Main(m)
}

// unusable says why no cluster can run on this machine, or nothing.
func unusable() string {
	if os.Geteuid() != 0 {
		return "root is needed"
	}
	out, err := exec.Command("unshare", "--mount", "--pid", "--net", "--cgroup", "--fork", "mount", "-t", "tmpfs", "tmpfs", "/run").CombinedOutput()
	if err != nil {
		return fmt.Sprintf("no namespaces, or no mounts in them: %v: %s", err, bytes.TrimSpace(out))
	}
	return ""
}

// cluster is three nodes in a sandbox, which is started when the first test needs it.
type cluster struct {
	kind    string   // the folder of its scripts
	prepare []string // scripts to run before it can start

	state      []string // prints the state of the last node
	lost, back string   // how a state begins

	once        sync.Once
	unavailable error // it cannot be had on this machine
	err         error // it did not start

	mu     sync.Mutex
	folder string // of its files
	up     *exec.Cmd
	said   bytes.Buffer // by up; not to be read before ended
	hold   io.Closer    // when it is closed the cluster ends, so also when this process dies
	ended  chan struct{}
}

var (
	kubernetes = &cluster{
		kind: "kubernetes", prepare: []string{"kubernetes/install", "kubebox/build"},
		state: []string{"kubectl", "get", "node", "n3", `--output=jsonpath={.status.conditions[?(@.type=="Ready")].status}`}, lost: "Unknown", back: "True",
	}
	slurm = &cluster{
		kind: "slurm", prepare: []string{"slurm/install"},
		state: []string{"sinfo", "--noheader", "--nodes=n3", "--format=%t"}, lost: "down", back: "idle",
	}
)

func endAll() {
	kubernetes.end()
	slurm.end()
}

// need starts the cluster unless it runs. The test is skipped if it cannot be had.
func (c *cluster) need(t *testing.T) {
	t.Helper()
	c.once.Do(func() {
		c.err = fmt.Errorf("%s could not be started by the test that needed it first", c.kind)
		if c.unavailable = c.prepared(); c.unavailable == nil {
			c.err = timed(c.kind+" starts", func() error { return c.start(c.arguments(t)) })
		}
	})
	if c.unavailable != nil {
		t.Skip(c.unavailable)
	}
	if c.err != nil {
		t.Fatal(c.err)
	}
}

func (c *cluster) prepared() error {
	for _, script := range c.prepare {
		err := timed(script, func() error {
			out, err := exec.Command("timeout", fmt.Sprint(preparedWithin.Seconds()), "./"+script).CombinedOutput()
			if err != nil {
				return fmt.Errorf("%s: %w: %s", script, err, lastLine(out))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// arguments are those of up, after the folder.
func (c *cluster) arguments(t *testing.T) []string {
	if c == kubernetes {
		return []string{fmt.Sprint(nodes), makeImage(t)}
	}
	return []string{fmt.Sprint(nodes)}
}

// start returns when all nodes are ready.
func (c *cluster) start(arguments []string) (err error) {
	if err := c.launch(arguments); err != nil {
		return err
	}
	for deadline := time.After(readyWithin); ; {
		if _, err := os.Stat(filepath.Join(c.folder, "ready")); err == nil {
			return nil
		}
		select {
		case <-c.ended:
			return fmt.Errorf("%s/up: %v: %s\n%s", c.kind, c.up.ProcessState, tail(c.said.Bytes()), c.logs())
		case <-deadline:
			return fmt.Errorf("%s: no %d ready nodes within %v\n%s", c.kind, nodes, readyWithin, c.logs())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (c *cluster) launch(arguments []string) (err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.folder, err = os.MkdirTemp("", "wsperf-"+c.kind+"-"); err != nil {
		return err
	}
	c.up = exec.Command("./"+c.kind+"/up", append([]string{c.folder}, arguments...)...)
	c.up.Stdout, c.up.Stderr = &c.said, &c.said
	if c.hold, err = c.up.StdinPipe(); err != nil {
		return err
	}
	if err := c.up.Start(); err != nil {
		return err
	}
	c.ended = make(chan struct{})
	go func() {
		_ = c.up.Wait() // the state is kept in c.up
		close(c.ended)
	}()
	return nil
}

// end ends a cluster that was started, and removes its files.
func (c *cluster) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != nil {
		_ = timed(c.kind+" ends", c.stop)
	}
	if c.folder != "" {
		_ = os.RemoveAll(c.folder) // of temporary files
	}
}

func (c *cluster) stop() error {
	_ = c.hold.Close() // of a pipe
	select {
	case <-c.ended:
		return nil
	case <-time.After(endedWithin):
		fmt.Printf("%s did not end within %v\n", c.kind, endedWithin)
		return c.up.Process.Signal(unix.SIGTERM)
	}
}

// logs are the last lines of each.
func (c *cluster) logs() string {
	var out strings.Builder
	paths, _ := filepath.Glob(filepath.Join(c.folder, "log", "*"))
	for _, path := range paths {
		if text, err := os.ReadFile(path); err == nil {
			fmt.Fprintf(&out, "== %s\n%s\n", path, tail(text))
		}
	}
	return out.String()
}

// tail is the end of what a program printed.
func tail(text []byte) []byte {
	const most = 2000
	text = bytes.TrimSpace(text)
	return text[max(0, len(text)-most):]
}

// lastLine fits in the line of a skipped test.
func lastLine(text []byte) []byte {
	text = tail(text)
	return text[bytes.LastIndexByte(text, '\n')+1:]
}

// timed prints how long a step took.
func timed(step string, do func() error) error {
	began := time.Now()
	err := do()
	fmt.Printf("%6.1f s  %s\n", time.Since(began).Seconds(), step)
	return err
}
