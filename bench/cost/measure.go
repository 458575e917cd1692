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
	late             lateness
}

func (c cost) cpuUs() float64 { return c.userUs + c.systemUs }

// run runs the client to its end, and then the one that follows.
func (c client) run(running *testees, handshakes int) (cost, error) {
	measured, err := c.runAlone(running, handshakes)
	if err != nil || c.then == nil {
		return measured, err
	}
	other, err := c.then.run(running, handshakes)
	return measured.plus(other), err
}

// plus returns the cost of two runs, one after the other, as if each of their handshakes were in two parts.
func (c cost) plus(other cost) cost {
	c.userUs += other.userUs
	c.systemUs += other.systemUs
	c.switches += other.switches
	c.perSecond = 1 / (1/c.perSecond + 1/other.perSecond)
	c.peakBytes = max(c.peakBytes, other.peakBytes)
	return c
}

func (c client) runAlone(running *testees, handshakes int) (cost, error) {
	port, err := running.port(c.testee)
	if err != nil {
		return cost{}, err
	}
	r, err := c.runCommand(c.args(port, handshakes), handshakes)
	if err != nil {
		return cost{}, err
	}
	measured := newCost(handshakes, r.lasted, r.usage)
	measured.late = lateOf(r.output)
	return measured, nil
}

func newCost(handshakes int, lasted time.Duration, usage *syscall.Rusage) cost {
	n := float64(handshakes)
	return cost{
		handshakes: handshakes,
		userUs:     float64(usage.Utime.Nano()/1000) / n,
		systemUs:   float64(usage.Stime.Nano()/1000) / n,
		perSecond:  n / lasted.Seconds(),
		switches:   float64(usage.Nvcsw+usage.Nivcsw) / n,
		peakBytes:  usage.Maxrss * 1024, // getrusage(2): kilobytes
	}
}

// ran is a command that has ended well.
type ran struct {
	lasted time.Duration
	usage  *syscall.Rusage
	output string // standard output
}

// runCommand runs a command of the client to its end. It fails unless the command ends with
// exit code 0 and has made all the handshakes.
func (c client) runCommand(command []string, handshakes int) (r ran, err error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	if err := host.WithAffinity(c.cpus, cmd.Start); err != nil {
		return r, err
	}
	err = cmd.Wait()
	r.lasted = time.Since(began)
	if made := c.made(stdout.String()); err == nil && made != handshakes {
		err = fmt.Errorf("%d handshakes, must be %d", made, handshakes)
	}
	if err != nil {
		return r, fmt.Errorf("%q: %w: %s", strings.Join(command, " "), err, outputs(&stdout, &stderr))
	}
	r.usage, r.output = cmd.ProcessState.SysUsage().(*syscall.Rusage), stdout.String()
	return r, nil
}

// outputs quotes the beginnings of both outputs.
func outputs(stdout, stderr *bytes.Buffer) string {
	const most = 1000 // bytes; a report has as many
	clip := func(b *bytes.Buffer) []byte { return b.Bytes()[:min(b.Len(), most)] }
	return fmt.Sprintf("standard output %q, standard error %q", clip(stdout), clip(stderr))
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
		sum := 0
		for part := &c; part != nil; part = part.then {
			n, err := part.countCalls(strace, handshakes, running)
			if err != nil {
				return nil, err
			}
			sum += n
		}
		calls = append(calls, float64(sum)/float64(handshakes))
	}
	return calls, nil
}

// countCalls counts those of the client alone.
func (c client) countCalls(strace string, handshakes int, running *testees) (calls int, err error) {
	port, err := running.port(c.testee)
	if err != nil {
		return 0, err
	}
	file, err := os.CreateTemp("", "wsperf-calls-")
	if err != nil {
		return 0, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	trace := append([]string{strace, "-f", "-c", "-U", "calls,name", "-o", file.Name()}, c.args(port, handshakes)...)
	if _, err := c.runCommand(trace, handshakes); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(file.Name())
	if err != nil {
		return 0, err
	}
	return totalCalls(string(text))
}

// totalCalls reads the line "12345 total" of strace's summary.
func totalCalls(summary string) (int, error) {
	for line := range strings.Lines(summary) {
		fields := strings.Fields(line)
		if len(fields) != 2 || fields[1] != "total" {
			continue
		}
		if n, err := strconv.Atoi(fields[0]); err == nil && n > 0 {
			return n, nil
		}
	}
	return 0, fmt.Errorf("summary of strace: must have a line with the number of all calls and \"total\": %.1000q", summary)
}
