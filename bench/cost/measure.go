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

	"wsperf/engine"
)

// cost is what one run of a client cost, as a whole process: its start and its
// report included.
type cost struct {
	userUs, systemUs float64 // per handshake
	perSecond        float64 // handshakes, wall time of the whole process
	switches         float64 // context switches per handshake
	peakBytes        int64
}

func (c cost) cpuUs() float64 { return c.userUs + c.systemUs }

// run runs a client to its end on the load's CPU.
func (c client) run(l load) (cost, error) {
	args := c.args(l)
	began := time.Now()
	cmd, err := finish(args, l.cpu)
	if err != nil {
		return cost{}, err
	}
	lasted := time.Since(began)
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	n := float64(l.handshakes)
	return cost{
		userUs:    float64(cmd.ProcessState.UserTime().Microseconds()) / n,
		systemUs:  float64(cmd.ProcessState.SystemTime().Microseconds()) / n,
		perSecond: n / lasted.Seconds(),
		switches:  float64(usage.Nvcsw+usage.Nivcsw) / n,
		peakBytes: usage.Maxrss * 1024, // getrusage(2): kilobytes
	}, nil
}

// finish runs a command on one CPU. What it says is shown when it fails.
func finish(args []string, cpu int) (*exec.Cmd, error) {
	var out bytes.Buffer
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := engine.WithAffinity([]int{cpu}, cmd.Start); err != nil {
		return nil, err
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out.Bytes())
	}
	return cmd, nil
}

// tracedHandshakes is the length of a run under strace, which slows it down
// tenfold.
const tracedHandshakes = 5000

// countCalls counts the system calls per handshake of each client; none when
// there is no strace.
func countCalls(clients []client, l load) (calls []float64, err error) {
	strace, err := exec.LookPath("strace")
	if errors.Is(err, exec.ErrNotFound) {
		return nil, nil
	}
	l.handshakes = tracedHandshakes
	for _, c := range clients {
		file, err := os.CreateTemp("", "wsperf-calls-")
		if err != nil {
			return nil, err
		}
		file.Close()
		defer os.Remove(file.Name())
		trace := append([]string{strace, "-f", "-c", "-U", "calls,name", "-o", file.Name()}, c.args(l)...)
		if _, err := finish(trace, l.cpu); err != nil {
			return nil, err
		}
		text, err := os.ReadFile(file.Name())
		if err != nil {
			return nil, err
		}
		calls = append(calls, float64(totalCalls(string(text)))/tracedHandshakes)
	}
	return calls, nil
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
