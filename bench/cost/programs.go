package main

import (
	"bufio"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"wsperf/engine"
)

// programs are the paths of what is measured, freshly built.
type programs struct {
	wsperf, floor, tuned, testee string
}

func build(folder string) (programs, error) {
	p := programs{
		wsperf: filepath.Join(folder, "wsperf"),
		floor:  filepath.Join(folder, "floor-client"),
		tuned:  filepath.Join(folder, "floor-client-tuned"),
		testee: filepath.Join(folder, "floor-testee"),
	}
	for _, command := range [][]string{
		{"go", "build", "-o", p.wsperf, "wsperf/cmd/wsperf"},
		{"gcc", "-O2", "-o", p.floor, "bench/floor/client.c"},
		{"gcc", "-O2", "-DTUNED", "-o", p.tuned, "bench/floor/client.c"},
		{"gcc", "-O2", "-o", p.testee, "bench/floor/testee.c"},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return p, fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, out)
		}
	}
	return p, nil
}

// load is what a client is asked to do.
type load struct {
	port                 string
	handshakes, inFlight int
	cpu                  int
}

// client is one of the programs compared.
type client struct {
	name string
	args func(load) []string
}

// clients returns what is compared: the C floor with the plain sequence of
// system calls, with wsperf's own, and wsperf.
func (p programs) clients() []client {
	return []client{floorClient("floor", p.floor), floorClient("tuned-floor", p.tuned), p.wsperfClient()}
}

func floorClient(name, path string) client {
	return client{name, func(l load) []string {
		return []string{path, l.port, strconv.Itoa(l.handshakes), strconv.Itoa(l.inFlight)}
	}}
}

// wsperfClient measures and validates everything, as always. Low and high are
// the same, so that it starts as the floor does.
func (p programs) wsperfClient() client {
	return client{"wsperf", func(l load) []string {
		n := strconv.Itoa(l.inFlight)
		return []string{p.wsperf, "run", "ws://127.0.0.1:" + l.port + "/", "--conns", strconv.Itoa(l.handshakes),
			"--low", n, "--high", n, "--quiet", "--cpus", strconv.Itoa(l.cpu)}
	}}
}

// testee is the floor's testee, serving.
type testee struct {
	cmd  *exec.Cmd
	port string
}

func startTestee(path string, cpu int) (*testee, error) {
	t := &testee{cmd: exec.Command(path, "0")}
	stdout, err := t.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := engine.WithAffinity([]int{cpu}, t.cmd.Start); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.stop()
		return nil, fmt.Errorf("the testee did not start: %w", err)
	}
	t.port = strings.TrimSpace(line)
	return t, nil
}

func (t *testee) stop() {
	_ = t.cmd.Process.Kill()
	_ = t.cmd.Wait() // killed: what it returns says no more
}
