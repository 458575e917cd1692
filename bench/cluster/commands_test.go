//go:build cluster

package cluster

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// doneWithin bounds a command in a cluster.
const doneWithin = 2 * time.Minute

// command is a command on node 0. It is told to end when the test is over, or late.
func (c *cluster) command(t *testing.T, name string, arguments ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), doneWithin)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "./enter", append([]string{c.folder, name}, arguments...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(unix.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	// The folder has kubectl.
	cmd.Env = append(os.Environ(), "PATH="+c.folder+":"+os.Getenv("PATH"), "SLURM_CONF="+filepath.Join(c.folder, "slurm.conf"))
	return cmd
}

// run returns what a command on node 0 prints on standard output. The test fails with the command.
func (c *cluster) run(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	return output(t, c.command(t, name, arguments...))
}

// kubectl runs kubectl as the administrator.
func (c *cluster) kubectl(t *testing.T, arguments ...string) string {
	t.Helper()
	return c.run(t, "kubectl", arguments...)
}

// create creates the objects of a manifest.
func (c *cluster) create(t *testing.T, manifest []byte) {
	t.Helper()
	cmd := c.command(t, "kubectl", "create", "-f", "-")
	cmd.Stdin = bytes.NewReader(manifest)
	output(t, cmd)
}

func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s\n%s", strings.Join(cmd.Args[2:], " "), err, tail(stderr.Bytes()), tail(out))
	}
	return strings.TrimSpace(string(out))
}

// awaitPrinted runs a command on node 0 until what it prints begins with a word.
func (c *cluster) awaitPrinted(t *testing.T, word string, command ...string) {
	t.Helper()
	var got string
	for deadline := time.Now().Add(doneWithin); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if got = c.run(t, command[0], command[1:]...); strings.HasPrefix(got, word) {
			return
		}
	}
	t.Fatalf("%s: still %q after %v", strings.Join(command, " "), got, doneWithin)
}

// kill ends a node, 1 to 3, with everything on it, as a power failure would.
func (c *cluster) kill(t *testing.T, node int) {
	t.Helper()
	pid, err := os.ReadFile(filepath.Join(c.folder, "n"+strconv.Itoa(node)+".pid"))
	if err != nil {
		t.Fatal(err)
	}
	c.run(t, "kill", "-KILL", strings.TrimSpace(string(pid)))
}

// startNode starts a node that was killed.
func (c *cluster) startNode(t *testing.T, node int) {
	t.Helper()
	script, err := filepath.Abs(filepath.Join(c.kind, "start-node"))
	if err != nil {
		t.Fatal(err)
	}
	c.run(t, script, strconv.Itoa(node))
}

// awaitNode waits for a state of the last node.
func (c *cluster) awaitNode(t *testing.T, state string) {
	t.Helper()
	c.awaitPrinted(t, state, c.state...)
}

// testee starts a testee on node 0, which nodes and pods reach, and returns its URL.
func (c *cluster) testee(t *testing.T) string {
	t.Helper()
	cmd := c.command(t, programs.Wsperf(t), "testee", "--listen", "10.99.0.1:0")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(unix.SIGTERM) // fails if it has ended
		_ = cmd.Wait()                       // so does this
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	address, found := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !found {
		t.Fatalf("testee: %q, %v", line, err)
	}
	return "ws://" + address + "/"
}

// image is the name of the image with the program that is tested. It can be pulled from nowhere.
const image = "wsperf.test/wsperf:test"

// makeImage returns the path of the image.
func makeImage(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "wsperf.tar")
	cmd := exec.Command("go", "run", ".", "-binary", programs.Wsperf(t), "-name", image, "-out", path)
	cmd.Dir = "../image"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make the image: %v: %s", err, tail(out))
	}
	return path
}
