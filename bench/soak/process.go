package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"wsperf/engine/child"
)

// startTimeout bounds the time until the testee listens, and stopTimeout the time
// from the end of its standard input to its exit. Both take milliseconds.
const (
	startTimeout = 20 * time.Second
	stopTimeout  = 20 * time.Second
)

// process is a running wsperf.
type process struct {
	*child.Child
	verb string
}

// start starts wsperf with a verb and its arguments. A verb that exits at the end
// of its standard input does not outlive this process (package child).
func start(path string, args ...string) (*process, error) {
	c, err := child.Start(child.Command{Path: path, Args: append([]string{path}, args...)})
	if err != nil {
		return nil, err
	}
	return &process{c, args[0]}, nil
}

// startTestee starts a testee, which does not outlive this process, and returns
// its URL.
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

// failure waits for the process to exit. An exit code other than 0 is an error,
// and so is any output on standard error.
func (p *process) failure() error {
	err, words := p.Wait(), strings.TrimSpace(p.LastWords())
	if err == nil && words == "" {
		return nil
	}
	return fmt.Errorf("wsperf %s: exit: %v, standard error: %s", p.verb, err, words)
}

// stop closes the process's standard input and waits for it to exit.
func (p *process) stop() error {
	if p.End(stopTimeout) {
		return fmt.Errorf("wsperf %s did not exit within %v after the end of its standard input and was killed", p.verb, stopTimeout)
	}
	return p.failure()
}
