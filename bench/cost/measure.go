package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"wsperf/engine/host"
)

// cost is what one run of a client cost, as a whole process: its start and its
// report included.
type cost struct {
	handshakes       int
	userUs, systemUs float64 // per handshake
	perSecond        float64 // handshakes, wall time of the whole process
	switches         float64 // context switches per handshake
	peakBytes        int64
}

func (c cost) cpuUs() float64 { return c.userUs + c.systemUs }

// run runs a client to its end.
func (c client) run(running *testees, handshakes int) (cost, error) {
	port, err := running.port(c.testee)
	if err != nil {
		return cost{}, err
	}
	began := time.Now()
	cmd, err := finish(c.args(port, handshakes), c.cpus)
	if err != nil {
		return cost{}, err
	}
	lasted := time.Since(began)
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	n := float64(handshakes)
	return cost{
		handshakes: handshakes,
		userUs:     float64(cmd.ProcessState.UserTime().Microseconds()) / n,
		systemUs:   float64(cmd.ProcessState.SystemTime().Microseconds()) / n,
		perSecond:  n / lasted.Seconds(),
		switches:   float64(usage.Nvcsw+usage.Nivcsw) / n,
		peakBytes:  usage.Maxrss * 1024, // getrusage(2): kilobytes
	}, nil
}

// finish runs a command on the CPUs. What it says is shown when it fails.
func finish(args []string, cpus []int) (*exec.Cmd, error) {
	var out bytes.Buffer
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := host.WithAffinity(cpus, cmd.Start); err != nil {
		return nil, err
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out.Bytes())
	}
	return cmd, nil
}

// tracedHandshakes bounds the length of a run under strace, which slows it down
// tenfold.
const tracedHandshakes = 5000

// countCalls counts the system calls per handshake of each client; none when
// there is no strace.
func countCalls(clients []client, handshakes int, running *testees) (calls []float64, err error) {
	strace, err := exec.LookPath("strace")
	if errors.Is(err, exec.ErrNotFound) {
		return nil, nil
	}
	for _, c := range clients {
		port, err := running.port(c.testee)
		if err != nil {
			return nil, err
		}
		n, err := countOf(strace, c.args(port, handshakes), c.cpus)
		if err != nil {
			return nil, err
		}
		calls = append(calls, float64(n)/float64(handshakes))
	}
	return calls, nil
}

func countOf(strace string, command []string, cpus []int) (calls int, err error) {
	file, err := os.CreateTemp("", "wsperf-calls-")
	if err != nil {
		return 0, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	trace := append([]string{strace, "-f", "-c", "-U", "calls,name", "-o", file.Name()}, command...)
	if _, err := finish(trace, cpus); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(file.Name())
	return totalCalls(string(text)), err
}

// totalCalls reads the last line of strace's summary: "12345 total".
func totalCalls(summary string) int {
	for line := range strings.Lines(summary) {
		fields := strings.Fields(line)
		if len(fields) == 2 && fields[1] == "total" {
			n, _ := strconv.Atoi(fields[0])
			return n
		}
	}
	return 0
}
