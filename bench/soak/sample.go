package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

const sampleEvery = time.Second

// sample is the resource usage of a process at one moment.
type sample struct {
	at          time.Duration // since the first sample
	residentKB  int           // proc_pid_status(5), VmRSS
	threads     int           // proc_pid_status(5), Threads
	descriptors int           // entries of /proc/PID/fd
}

// series holds the samples of one process.
type series struct {
	name    string
	samples []sample
}

// watch samples both processes until the client exits. It returns earlier, with
// an error, if abort gets one or if a process cannot be sampled while the client
// runs; the client then still runs.
func watch(client, testee *process, abort <-chan error) ([]series, error) {
	watched := []series{{name: client.verb}, {name: testee.verb}}
	ticker := time.NewTicker(sampleEvery)
	defer ticker.Stop()
	for begun := time.Now(); ; {
		select {
		case <-client.Ended():
			return watched, nil
		case err := <-abort:
			return watched, err
		case now := <-ticker.C:
			if err := add(watched, []*process{client, testee}, now.Sub(begun)); err != nil && client.running() {
				return watched, err
			}
		}
	}
}

// running waits up to sampleEvery for the process to exit: /proc no longer has the
// memory of a process that is exiting.
func (p *process) running() bool {
	select {
	case <-p.Ended():
		return false
	case <-time.After(sampleEvery):
		return true
	}
}

// add adds a sample to each series, or to none if one cannot be taken.
func add(watched []series, all []*process, at time.Duration) error {
	taken := make([]sample, len(all))
	for i, p := range all {
		s, err := look(p.PID())
		if err != nil {
			return fmt.Errorf("cannot sample wsperf %s: %w", p.verb, err)
		}
		s.at = at
		taken[i] = s
	}
	for i, s := range taken {
		watched[i].samples = append(watched[i].samples, s)
	}
	return nil
}

func look(pid int) (sample, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return sample{}, err
	}
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return sample{}, err
	}
	s, err := parseStatus(status)
	s.descriptors = len(fds)
	return s, err
}

var errNoMemory = errors.New("no VmRSS in /proc/PID/status: the process is exiting")

// parseStatus reads lines such as "VmRSS:	   10240 kB" and "Threads:	4". A
// process that is exiting has no VmRSS (errNoMemory).
func parseStatus(status []byte) (s sample, err error) {
	lines := bufio.NewScanner(bytes.NewReader(status))
	for lines.Scan() {
		key, rest, _ := strings.Cut(lines.Text(), ":")
		value, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		switch key {
		case "VmRSS":
			s.residentKB, err = strconv.Atoi(value)
		case "Threads":
			s.threads, err = strconv.Atoi(value)
		}
		if err != nil {
			return s, fmt.Errorf("%s: %w", key, err)
		}
	}
	if s.residentKB == 0 {
		return s, errNoMemory
	}
	return s, nil
}
