package main

import (
	"bufio"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"wsperf/engine/host"
)

// programs are the paths of what is measured, freshly built.
type programs struct {
	wsperf, floor, tuned, testee, websocketpp string
}

func build(folder string) (programs, error) {
	p := programs{
		wsperf: filepath.Join(folder, "wsperf"),
		floor:  filepath.Join(folder, "floor-client"),
		tuned:  filepath.Join(folder, "floor-client-tuned"),
		testee: filepath.Join(folder, "floor-testee"),

		websocketpp: filepath.Join(folder, "websocketpp-client"),
	}
	for _, command := range [][]string{
		{"go", "build", "-o", p.wsperf, "wsperf/cmd/wsperf"},
		{"gcc", "-O2", "-o", p.floor, "bench/floor/client.c"},
		{"gcc", "-O2", "-DTUNED", "-o", p.tuned, "bench/floor/client.c"},
		{"gcc", "-O2", "-o", p.testee, "bench/floor/testee.c"},
		{"g++", "-O2", "-o", p.websocketpp, "bench/peers/websocketpp/client.cpp", "-lboost_system", "-lpthread"},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return p, fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, out)
		}
	}
	return p, nil
}

// testeeSpec is a command line of a testee. Its first line of output ends with
// the port.
type testeeSpec struct{ command string }

func (b *bench) plain() testeeSpec { return testeeSpec{b.programs.testee + " 0"} }

// holding answers no request, or no close frame, before that many wait.
func (b *bench) holding(requests, closes int) testeeSpec {
	return testeeSpec{fmt.Sprintf("%s 0 %d %d 100", b.programs.testee, requests, closes)}
}

// slow answers a single request after that many milliseconds.
func (b *bench) slow(ms int) testeeSpec {
	return testeeSpec{fmt.Sprintf("%s 0 2 1 %d", b.programs.testee, ms)}
}

func (b *bench) builtin() testeeSpec {
	return testeeSpec{b.programs.wsperf + " testee --listen 127.0.0.1:0 --loops 1"}
}

// testee is one that serves.
type testee struct {
	cmd  *exec.Cmd
	port string
}

func startTestee(spec testeeSpec, cpu int) (*testee, error) {
	words := strings.Fields(spec.command)
	t := &testee{cmd: exec.Command(words[0], words[1:]...)}
	stdout, err := t.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := host.WithAffinity([]int{cpu}, t.cmd.Start); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	line = strings.TrimSpace(line)
	t.port = line[strings.LastIndex(line, ":")+1:]
	if _, notPort := strconv.Atoi(t.port); err != nil || notPort != nil {
		t.stop()
		return nil, errors.Join(fmt.Errorf("%s: did not start, said %q", spec.command, line), err)
	}
	return t, nil
}

func (t *testee) stop() {
	_ = t.cmd.Process.Kill()
	_ = t.cmd.Wait() // killed: what it returns says no more
}

// testees keeps each testee running until the end: its state, such as its
// connections in TIME_WAIT, is the same for all clients.
type testees struct {
	cpu     int
	running map[testeeSpec]*testee
}

func (t *testees) port(spec testeeSpec) (string, error) {
	if running, ok := t.running[spec]; ok {
		return running.port, nil
	}
	started, err := startTestee(spec, t.cpu)
	if err != nil {
		return "", err
	}
	t.running[spec] = started
	return started.port, nil
}

func (t *testees) stop() {
	for _, running := range t.running {
		running.stop()
	}
}
