package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/engine/host"
)

const (
	// startTimeout bounds how long the built-in testee may take to listen. It
	// takes milliseconds; the rest is for a machine that is swapping.
	startTimeout = 20 * time.Second
	// stopTimeout is how long it may take to end before it is killed.
	stopTimeout = 5 * time.Second
	// listening begins the line with which the testee says that it is ready.
	listening = "listening on "
)

// builtin is the built-in testee in a child process. The child ends when its
// standard input does, so it cannot outlive this process however that dies.
type builtin struct {
	addr  netip.AddrPort
	ended context.Context // done when the child has ended
	cmd   *exec.Cmd
	hold  io.Closer // the other end of the child's standard input
	said  head      // what the child wrote on standard error; read only when it has ended
	fate  error     // why it ended; likewise
}

// startBuiltin starts the testee on the given CPUs and waits until it listens.
func startBuiltin(ctx context.Context, cpus []int) (*builtin, error) {
	b := &builtin{}
	words, err := b.launch(cpus)
	if err != nil {
		return nil, fmt.Errorf("start the built-in testee: %w", err)
	}
	if err := b.await(ctx, words); err != nil {
		return nil, errors.Join(err, b.end())
	}
	return b, nil
}

// launch starts the process. The returned channel gets the first line that it prints.
func (b *builtin) launch(cpus []int) (<-chan string, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	b.cmd = exec.Command(program)
	b.cmd.Args = []string{"wsperf", "testee", "--listen", "127.0.0.1:0", "--loops", strconv.Itoa(len(cpus)), "--exit-on-eof"}
	b.cmd.Stderr = &b.said
	// The terminal sends Ctrl-C to the whole process group: the testee must stay
	// until the open connections have had their closing handshake.
	b.cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	if b.hold, err = b.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	return b.start(cpus)
}

func (b *builtin) start(cpus []int) (<-chan string, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, b.hold.Close())
	}
	b.cmd.Stdout = write
	// The child inherits the mask of the thread that starts it (sched_setaffinity(2), NOTES).
	err = host.WithAffinity(cpus, b.cmd.Start)
	_ = write.Close() // the child has its own copy
	if err != nil {
		_ = read.Close() // nothing was written
		return nil, errors.Join(err, b.hold.Close())
	}
	b.watch()
	return firstLine(read), nil
}

// watch waits for the end of the child, so that it leaves no zombie.
func (b *builtin) watch() {
	ended, cancel := context.WithCancel(context.Background())
	b.ended = ended
	go func() {
		defer cancel()
		b.fate = b.cmd.Wait()
	}()
}

func firstLine(r io.ReadCloser) <-chan string {
	line := make(chan string, 1)
	go func() {
		defer r.Close()
		text, _ := bufio.NewReader(io.LimitReader(r, 1<<10)).ReadString('\n') // empty: the child ended
		line <- strings.TrimSpace(text)
	}()
	return line
}

func (b *builtin) await(ctx context.Context, words <-chan string) (err error) {
	if ctx.Err() != nil {
		return errEarly
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, errors.New("the built-in testee does not start"))
	defer cancel()
	select {
	case <-ctx.Done():
		if cause := context.Cause(ctx); cause != context.Canceled {
			return cause
		}
		return errEarly
	case line := <-words:
		where, found := strings.CutPrefix(line, listening)
		if !found {
			return b.untimely()
		}
		b.addr, err = netip.ParseAddrPort(where)
		return err
	}
}

// untimely says why the child ended, or did not talk as agreed.
func (b *builtin) untimely() error {
	_ = b.end() // what it says is told in the next line
	if why := b.said.line(); why != "" {
		return fmt.Errorf("the built-in testee failed: %s", strings.TrimPrefix(why, "wsperf: "))
	}
	return fmt.Errorf("the built-in testee failed: %v", b.fate)
}

// stop ends the child and waits for it. It is an error if the child had ended before.
func (b *builtin) stop() error {
	if b.ended.Err() != nil {
		return b.untimely()
	}
	return b.end()
}

// end makes the child end, by force after stopTimeout. It can be called again.
func (b *builtin) end() error {
	_ = b.hold.Close() // the child sees the end of its input; closing twice is harmless
	select {
	case <-b.ended.Done():
		return nil
	case <-time.After(stopTimeout):
	}
	_ = b.cmd.Process.Kill() // it can only have ended meanwhile
	<-b.ended.Done()
	return fmt.Errorf("the built-in testee did not end within %v and was killed", stopTimeout)
}

// headBytes is how much of a dying child's words is kept: the reason comes first, a stack after it.
const headBytes = 4 << 10

// head keeps the beginning of what is written to it.
type head struct{ text []byte }

func (h *head) Write(p []byte) (int, error) {
	room := headBytes - len(h.text)
	h.text = append(h.text, p[:min(room, len(p))]...)
	return len(p), nil
}

// line returns the first line that is not empty.
func (h *head) line() string {
	first, _, _ := strings.Cut(strings.TrimSpace(string(h.text)), "\n")
	return first
}
