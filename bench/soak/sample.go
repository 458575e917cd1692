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

// sampleEvery is the time between two samples.
const sampleEvery = time.Second

// sample is what a process holds at one moment.
type sample struct {
	at          time.Duration // since the first sample
	residentKB  int           // proc_pid_status(5), VmRSS
	threads     int           // the same, Threads
	descriptors int           // entries of /proc/PID/fd
}

// series is what was seen of one process.
type series struct {
	name    string
	samples []sample
}

// watch samples the processes until the client ends, and ends it when that is
// wanted earlier. Another one that cannot be watched while the client runs is an error.
func watch(client, testee *process, enough <-chan error) ([]series, error) {
	watched := []series{{name: client.verb}, {name: testee.verb}}
	ticker := time.NewTicker(sampleEvery)
	defer ticker.Stop()
	for begun := time.Now(); ; {
		select {
		case <-client.Ended():
			return watched, nil
		case err := <-enough:
			return watched, err
		case now := <-ticker.C:
			if err := add(watched, []*process{client, testee}, now.Sub(begun)); err != nil && client.running() {
				return watched, err
			}
		}
	}
}

// running is also false when the process ends right now, and its end is waited for.
func (p *process) running() bool {
	select {
	case <-p.Ended():
		return false
	case <-time.After(sampleEvery):
		return true
	}
}

// add takes a sample of each process, or of none.
func add(watched []series, all []*process, at time.Duration) error {
	taken := make([]sample, len(all))
	for i, p := range all {
		s, err := look(p.PID())
		if err != nil {
			return fmt.Errorf("wsperf %s cannot be watched: %w", p.verb, err)
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

var errNoMemory = errors.New("its status tells no VmRSS: it has ended")

// parseStatus reads lines such as "VmRSS:	   10240 kB" and "Threads:	4". A
// process that is ending has no memory any more.
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
