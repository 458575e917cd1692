// Command parts measures what the report of a run in many parts costs. It makes one real result,
// and of that the result files of N parts, each with connections of its own whose times are drawn
// from the real ones, with a machine for every 10 parts and a network namespace for each. Then it
// merges them with wsperf report, as files and as lines of a text:
//
//	make build
//	go run ./bench/cluster/parts 1000 10000
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"wsperf/stats"
	"wsperf/stats/file"
)

func main() {
	program := flag.String("wsperf", "bin/wsperf", "the `PROGRAM` that makes the result and merges the parts")
	connections := flag.Int("conns", 1000, "each part has `N` connections")
	flag.Parse()
	if err := run(*program, *connections, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "parts:", err)
		os.Exit(1)
	}
}

// run measures with each number of parts.
func run(program string, connections int, numbers []string) error {
	folder, err := os.MkdirTemp("", "parts")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	whole, err := realResult(program, folder)
	if err != nil {
		return err
	}
	for _, text := range numbers {
		of, err := strconv.Atoi(text)
		if err != nil || of < 1 || of > stats.MaxParts {
			return fmt.Errorf("%q: must be a number of parts, 1 to %d", text, stats.MaxParts)
		}
		if err := measure(program, folder, maker{whole, of, connections, quantilesOf(whole)}); err != nil {
			return fmt.Errorf("%d parts: %w", of, err)
		}
	}
	return nil
}

func realResult(program, folder string) (*stats.Result, error) {
	path := filepath.Join(folder, "real.json")
	if out, err := exec.Command(program, "run", "--conns", "20000", "--quiet", "--out", path).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return file.Read(f)
}

// measure merges the parts of a run twice.
func measure(program, folder string, m maker) error {
	paths, text, err := m.write(folder)
	if err != nil {
		return err
	}
	defer os.Remove(text)
	for _, path := range paths {
		defer os.Remove(path)
	}
	expect := []string{"report", "--json", "--expect", strconv.Itoa(m.of)}
	if err := merge("files", exec.Command(program, append(expect, paths...)...), m); err != nil {
		return err
	}
	lines, err := os.Open(text)
	if err != nil {
		return err
	}
	defer lines.Close()
	c := exec.Command(program, append(expect, "-")...)
	c.Stdin = lines
	return merge("lines", c, m)
}

// merge runs wsperf report and prints what that cost. The sum must have all connections.
func merge(what string, c *exec.Cmd, m maker) error {
	sum, err := os.CreateTemp("", "sum")
	if err != nil {
		return err
	}
	defer os.Remove(sum.Name())
	defer sum.Close()
	c.Stdout, c.Stderr = sum, os.Stderr
	begun := time.Now()
	if err := c.Run(); err != nil {
		return err
	}
	took, used := time.Since(begun), c.ProcessState.SysUsage().(*syscall.Rusage)
	if _, err := sum.Seek(0, 0); err != nil {
		return err
	}
	r, err := file.Read(sum)
	if err != nil {
		return err
	}
	if want := uint64(m.of * m.connections); r.Total != want || len(r.Parts) != m.of {
		return fmt.Errorf("%d connections of %d parts, want %d of %d", r.Total, len(r.Parts), want, m.of)
	}
	info, err := sum.Stat()
	if err != nil {
		return err
	}
	fmt.Printf("%5d parts as %s: %6.2f s, %6.2f s of CPU time, %4d MB at the peak; the result has %.1f MB, and omits %v\n", m.of, what,
		took.Seconds(), (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds(), used.Maxrss>>10, float64(info.Size())/1e6, r.Omitted)
	return nil
}
