package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"wsperf/engine/child"
)

// programs are the paths of the programs that build made.
type programs struct {
	wsperf, floor, tuned, testee, sleeper, websocketpp string
	tlsFloor, bare, earlier                            string
	root, chain, key                                   string // of the testees with TLS
}

// programsIn returns the paths of the programs in a folder.
func programsIn(folder string) programs {
	return programs{
		wsperf: filepath.Join(folder, "wsperf"),
		floor:  filepath.Join(folder, "floor-client"),
		tuned:  filepath.Join(folder, "floor-client-tuned"),
		testee: filepath.Join(folder, "floor-testee"),

		sleeper: filepath.Join(folder, "floor-sleeper"),

		websocketpp: filepath.Join(folder, "websocketpp-client"),

		tlsFloor: filepath.Join(folder, "floor-tlsclient"),
		bare:     filepath.Join(folder, "floor-bare"),
		earlier:  filepath.Join(folder, "before-wss"),
		root:     filepath.Join(folder, "root.pem"),
		chain:    filepath.Join(folder, "chain.pem"),
		key:      filepath.Join(folder, "key.pem"),
	}
}

// build makes the programs that are used.
func (p programs) build(used func(path string) bool) error {
	for _, command := range [][]string{
		{"go", "build", "-o", p.wsperf, "wsperf/cmd/wsperf"},
		{"gcc", "-O2", "-o", p.floor, "bench/floor/client.c"},
		{"gcc", "-O2", "-DTUNED", "-o", p.tuned, "bench/floor/client.c"},
		{"gcc", "-O2", "-o", p.testee, "bench/floor/testee.c"},
		{"gcc", "-O2", "-o", p.sleeper, "bench/floor/sleeper.c"},
		{"gcc", "-O2", "-o", p.tlsFloor, "bench/floor/tlsclient.c", "-lssl", "-lcrypto"},
		{"go", "build", "-o", p.bare, "wsperf/bench/floor/bare"},
		{"g++", "-O2", "-o", p.websocketpp, "bench/peers/websocketpp/client.cpp", "-lboost_system", "-lpthread"},
	} {
		if !used(command[slices.Index(command, "-o")+1]) {
			continue
		}
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, out)
		}
	}
	return nil
}

// testeeSpec is the command line of a testee that exits at the end of its
// standard input and prints a first line that ends with its port.
type testeeSpec struct {
	command string
	free    bool // not pinned to the testee's CPU
}

func (b *bench) plain() testeeSpec {
	return testeeSpec{command: b.programs.testee + " --exit-on-eof 0"}
}

// free is a testee that the scheduler places, as most testees are.
func (b *bench) free(threads int) testeeSpec {
	return testeeSpec{b.programs.wsperf + " testee --listen 127.0.0.1:0 --loops " + strconv.Itoa(threads) + " --exit-on-eof", true}
}

// holding answers requests once that many wait, and likewise close frames; or
// after 100 ms without input.
func (b *bench) holding(requests, closes int) testeeSpec {
	return testeeSpec{command: fmt.Sprintf("%s %d %d 100", b.plain().command, requests, closes)}
}

// slow answers a request after ms milliseconds: it waits that long for a second
// one. The client must make one handshake at a time.
func (b *bench) slow(ms int) testeeSpec {
	return testeeSpec{command: fmt.Sprintf("%s 2 1 %d", b.plain().command, ms)}
}

// spinning computes for so many microseconds before each response.
func (b *bench) spinning(us int) testeeSpec {
	return testeeSpec{command: fmt.Sprintf("%s --exit-on-eof --spin %d 0", b.programs.testee, us)}
}

func (b *bench) builtin() testeeSpec {
	return testeeSpec{command: b.programs.wsperf + " testee --listen 127.0.0.1:0 --loops 1 --exit-on-eof"}
}

// startTimeout bounds the time until a testee listens, and stopTimeout the time
// from the end of its standard input to its exit. Both take milliseconds.
const (
	startTimeout = 20 * time.Second
	stopTimeout  = 5 * time.Second
)

// testee is a running testee.
type testee struct {
	*child.Child
	port string
}

func startTestee(spec testeeSpec, cpu int) (*testee, error) {
	command := child.Command{Args: strings.Fields(spec.command), CPUs: []int{cpu}}
	if command.Path = command.Args[0]; spec.free {
		command.CPUs = nil
	}
	c, err := child.Start(command)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	line, err := c.FirstLine(ctx)
	port := line[strings.LastIndex(line, ":")+1:]
	if _, notPort := strconv.Atoi(port); err != nil || notPort != nil {
		c.End(stopTimeout)
		return nil, fmt.Errorf("%s did not start: first line %q, error %v; exit: %v: %q", spec.command, line, err, c.Wait(), c.LastWords())
	}
	return &testee{c, port}, nil
}

// testees starts each testee once and keeps it running until the end, so that
// all clients meet the same state, such as connections in TIME_WAIT.
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
		running.End(stopTimeout)
	}
}
