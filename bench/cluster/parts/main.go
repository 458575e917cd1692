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

	"wsperf/stats"
	"wsperf/stats/file"
)

func main() {
	program := flag.String("wsperf", "bin/wsperf", "the `PROGRAM` that makes the result and merges the parts")
	connections := flag.Int("conns", 1000, "each part has `N` connections")
	into := flag.String("into", "", "make the results of one number of parts in `FOLDER`, of its real.json, and merge nothing")
	flag.Parse()
	if err := run(*program, *into, *connections, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "parts:", err)
		os.Exit(1)
	}
}

// run measures with each number of parts.
func run(program, into string, connections int, numbers []string) error {
	for _, text := range numbers {
		of, err := strconv.Atoi(text)
		if err != nil || of < 1 || of > stats.MaxParts {
			return fmt.Errorf("%q: must be a number of parts, 1 to %d", text, stats.MaxParts)
		}
		if into != "" {
			err = write(into, of, connections)
		} else {
			err = measure(program, of, connections)
		}
		if err != nil {
			return fmt.Errorf("%d parts: %w", of, err)
		}
	}
	return nil
}

const realFile = "real.json"

// write makes the results of the parts.
func write(folder string, of, connections int) error {
	f, err := os.Open(filepath.Join(folder, realFile))
	if err != nil {
		return err
	}
	defer f.Close()
	whole, err := file.Read(f)
	if err != nil {
		return err
	}
	return maker{whole, of, connections, quantilesOf(whole)}.write(folder)
}

// measure merges the parts of a run twice. They are made by another process: the peak of a child
// has that of its parent in it (kernel/fork.c and fs/exec.c of Linux: setmax_mm_hiwater_rss).
func measure(program string, of, connections int) error {
	folder, err := os.MkdirTemp("", "parts")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, c := range []*exec.Cmd{
		exec.Command(program, "run", "--conns", "20000", "--quiet", "--out", filepath.Join(folder, realFile)),
		exec.Command(self, "-into", folder, "-conns", strconv.Itoa(connections), strconv.Itoa(of)),
	} {
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
	}
	m := merging{program: program, folder: folder, of: of, connections: connections}
	lines, err := os.Open(filepath.Join(folder, text))
	if err != nil {
		return err
	}
	defer lines.Close()
	if err := m.merge("files", nil, paths(folder, of)); err != nil {
		return err
	}
	return m.merge("lines", lines, []string{"-"})
}
