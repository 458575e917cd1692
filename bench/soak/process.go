package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// process is a running program whose end can be waited for.
type process struct {
	name   string
	cmd    *exec.Cmd
	stderr bytes.Buffer
	ended  chan struct{} // closed when it has ended
	err    error         // how; to be read after ended
	hold   io.Closer     // the other end of its standard input
}

// start starts a program that is named by its first argument.
func start(path string, args ...string) (*process, error) {
	p := &process{name: args[0], cmd: exec.Command(path, args...), ended: make(chan struct{})}
	p.cmd.Stderr = &p.stderr
	if err := p.launch(); err != nil {
		return nil, err
	}
	p.await()
	return p, nil
}

func (p *process) launch() (err error) {
	if p.hold, err = p.cmd.StdinPipe(); err != nil {
		return err
	}
	return p.cmd.Start()
}

// await closes ended at the end of the process.
func (p *process) await() {
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
}

// startTestee returns the testee, which ends with this process at the latest,
// and its URL.
func startTestee(path, loops string) (p *process, url string, err error) {
	p = &process{name: "testee", ended: make(chan struct{})}
	p.cmd = exec.Command(path, "testee", "--listen", "127.0.0.1:0", "--loops", loops, "--exit-on-eof")
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := p.launch(); err != nil {
		return nil, "", err
	}
	// Its only line; it must be read before the process is waited for (os/exec, StdoutPipe).
	line, err := bufio.NewReader(out).ReadString('\n')
	p.await()
	addr, found := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if !found {
		return nil, "", errors.Join(fmt.Errorf("the testee says %q: %w", line, err), p.stop())
	}
	return p, "ws://" + addr + "/", nil
}

// fate waits for the end of the process. It is an error if that was not exit
// code 0, or if there were words on standard error.
func (p *process) fate() error {
	<-p.ended
	if p.err == nil && p.stderr.Len() == 0 {
		return nil
	}
	return fmt.Errorf("wsperf %s: %v: %s", p.name, p.cmd.ProcessState, bytes.TrimSpace(p.stderr.Bytes()))
}

// stop ends the process by the end of its input.
func (p *process) stop() error {
	return errors.Join(p.hold.Close(), p.fate())
}
