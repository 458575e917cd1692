package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"wsperf/engine/child"
)

// startTimeout bounds how long the testee may take to listen, and stopTimeout how
// long it may take to end with its input. Either takes milliseconds.
const (
	startTimeout = 20 * time.Second
	stopTimeout  = 20 * time.Second
)

// process is a running wsperf.
type process struct {
	*child.Child
	verb string
}

// start starts wsperf with a verb and its arguments. It ends with this process
// if it ends at the end of its standard input.
func start(path string, args ...string) (*process, error) {
	c, err := child.Start(child.Command{Path: path, Args: append([]string{path}, args...)})
	if err != nil {
		return nil, err
	}
	return &process{c, args[0]}, nil
}

// startTestee returns the testee, which ends with this process at the latest,
// and its URL.
func startTestee(path, loops string) (p *process, url string, err error) {
	p, err = start(path, "testee", "--listen", "127.0.0.1:0", "--loops", loops, "--exit-on-eof")
	if err != nil {
		return nil, "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	line, err := p.FirstLine(ctx)
	addr, found := strings.CutPrefix(line, "listening on ")
	if !found {
		return nil, "", errors.Join(fmt.Errorf("wsperf testee printed %q instead of its address: %v", line, err), p.stop())
	}
	return p, "ws://" + addr + "/", nil
}

// failure waits for the end of the process. An exit code other than 0 is an
// error, and so is any output on standard error.
func (p *process) failure() error {
	err, words := p.Wait(), strings.TrimSpace(p.LastWords())
	if err == nil && words == "" {
		return nil
	}
	return fmt.Errorf("wsperf %s ended with %v: %s", p.verb, err, words)
}

// stop ends the process by the end of its input.
func (p *process) stop() error {
	if p.End(stopTimeout) {
		return fmt.Errorf("wsperf %s did not end within %v and was killed", p.verb, stopTimeout)
	}
	return p.failure()
}
