// Showskips runs go test and prints what it prints, and a line for each test that
// was skipped, with the reason. By itself go test tells that only with -v, among
// the log of every test. Tests that -short skips are only counted.
//
//	go run ./.ci/showskips go test ./...
//
// It runs go test -json, so the packages are printed in the order in which they
// end. The exit code is that of go test.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
)

func main() {
	if len(os.Args) < 3 || os.Args[2] != "test" {
		fmt.Fprintln(os.Stderr, "usage: showskips GO test [ARGUMENT...]")
		os.Exit(2)
	}
	// go test handles an interrupt, and its last words are still printed.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	cmd := exec.Command(os.Args[1], slices.Insert(os.Args[2:], 1, "-json")...)
	cmd.Stderr = os.Stderr
	code, err := show(cmd, os.Stdout, slices.Contains(os.Args[3:], "-v"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "showskips:", err)
	}
	os.Exit(code)
}

// show runs go test -json, prints to out, and returns the exit code.
func show(cmd *exec.Cmd, out io.Writer, verbose bool) (code int, err error) {
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return 1, err
	}
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	p := printer{out: out, verbose: verbose, packages: map[string]*pkg{}}
	for r := bufio.NewReader(stdout); err == nil; {
		var line []byte
		line, err = r.ReadBytes('\n')
		p.line(line)
	}
	p.close()
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) {
		return 0, err
	}
	return max(1, exit.ExitCode()), nil // -1: ended by a signal
}
