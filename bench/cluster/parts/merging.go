package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// merging is wsperf report of all parts.
type merging struct {
	program, folder string
	of, connections int
}

// merge runs it and prints what that cost.
func (m *merging) merge(what string, stdin *os.File, args []string) error {
	path := filepath.Join(m.folder, "sum.json")
	sum, err := os.Create(path)
	if err != nil {
		return err
	}
	defer sum.Close()
	c := exec.Command(m.program, append([]string{"report", "--json", "--expect", strconv.Itoa(m.of)}, args...)...)
	c.Stdout, c.Stderr = sum, os.Stderr
	if stdin != nil {
		c.Stdin = stdin
	}
	begun := time.Now()
	if err := c.Run(); err != nil {
		return err
	}
	took := time.Since(begun)
	info, err := sum.Stat()
	if err != nil {
		return err
	}
	fmt.Printf("%5d parts as %s: %6.2f s, %6.2f s of CPU time, %4d MB at the peak; the sum has %.1f MB\n", m.of, what, took.Seconds(),
		(c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds(), c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss>>10, float64(info.Size())/1e6)
	return m.check(path)
}

// check reads the sum as wsperf does. It must have all parts and connections.
func (m *merging) check(path string) error {
	table, err := exec.Command(m.program, "report", "--format", "csv", path).Output()
	if err != nil {
		return err
	}
	for measure, want := range map[string]int{"total": m.of * m.connections, "parts": m.of, "parts.missing": 0} {
		if row := fmt.Sprintf(",%s,,,,%d,\n", measure, want); !strings.Contains(string(table), row) {
			return fmt.Errorf("the sum has not %d as %s:\n%.2000s", want, measure, table)
		}
	}
	return nil
}
