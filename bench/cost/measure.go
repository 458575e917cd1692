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

// cost is the resource usage of one run of a client, as a whole process: its
// start and its report are included.
type cost struct {
	handshakes       int
	userUs, systemUs float64 // CPU time per handshake
	perSecond        float64 // handshakes per second of wall time
	switches         float64 // context switches per handshake
	peakBytes        int64   // maximum resident set size
}

func (c cost) cpuUs() float64 { return c.userUs + c.systemUs }

// run runs the client to its end.
func (c client) run(running *testees, handshakes int) (cost, error) {
	port, err := running.port(c.testee)
	if err != nil {
		return cost{}, err
	}
	began := time.Now()
	cmd, err := runOn(c.cpus, c.args(port, handshakes))
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

// runOn runs a command to its end on the CPUs. If it fails, the error contains
// its output.
func runOn(cpus []int, args []string) (*exec.Cmd, error) {
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

// tracedHandshakes bounds the handshakes of a run under strace, which makes it
// ten times slower.
const tracedHandshakes = 5000

// countCalls returns the system calls per handshake of each client, or nil if
// strace is not installed.
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
	if _, err := runOn(cpus, trace); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(file.Name())
	return totalCalls(string(text)), err
}

// totalCalls reads the line "12345 total" of strace's summary; 0 if it is not
// there.
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
