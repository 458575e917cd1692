package slurm

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// srun is a running srun. It stays as long as its tasks run.
type srun struct {
	cmd   *exec.Cmd
	ended chan struct{}

	log          *os.File // what it says, as it is read
	rest         []byte   // of it: the beginning of a line
	words        []string // the last lines
	launchFailed bool     // Slurm could not start a task
	deaf         bool     // srun was told to end the tasks, and says how they end
}

// start starts srun in a process group of its own, so that a Ctrl-C at the terminal does not reach
// it (setpgid(2)). Its standard error is a file: if the launch is killed, srun goes on, and so do
// the parts.
func start(line []string, log string) (*srun, error) {
	said, err := os.OpenFile(log, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer said.Close() // srun has its own
	read, err := os.Open(log)
	if err != nil {
		return nil, err
	}
	s := &srun{cmd: exec.Command(line[0], line[1:]...), ended: make(chan struct{}), log: read}
	s.cmd.Stdout, s.cmd.Stderr = said, said
	s.cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		_ = read.Close()
		if errors.Is(err, exec.ErrNotFound) {
			err = errors.New("srun is not there: launch slurm runs on a machine that has the programs of Slurm")
		}
		return nil, err
	}
	go func() {
		_ = s.cmd.Wait() // its exit code is the greatest of its tasks', whose results say more
		close(s.ended)
	}()
	return s, nil
}

func (s *srun) over() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// signal does nothing if srun has ended.
func (s *srun) signal(which syscall.Signal) { _ = s.cmd.Process.Signal(which) }

// slowEnd is longer than srun takes if no node is lost.
const slowEnd = 3 * time.Second

// end ends srun with its tasks. When a node is lost, srun waits for its task a little longer than
// KillWait (slurm.conf(5), by default 30 s).
func (s *srun) end(ctx context.Context, note func(string)) error {
	defer s.log.Close()
	s.signal(unix.SIGTERM)
	slow := time.AfterFunc(slowEnd, func() { note("waiting for srun to end the step") })
	defer slow.Stop()
	select {
	case <-s.ended:
		return nil
	case <-ctx.Done():
	}
	s.signal(unix.SIGKILL)
	<-s.ended
	return errors.New("srun did not end the step and was killed: see squeue --steps and scancel")
}

// maxNews bounds what is read of srun's words at a time.
const maxNews = 64 << 10

// news returns the lines that srun has said since the last call, without its name. The last one may
// have no end if srun has ended.
func (s *srun) news() (lines []string) {
	over := s.over()
	text, _ := io.ReadAll(io.LimitReader(s.log, maxNews)) // of an error the next call knows more
	s.rest = append(s.rest, text...)
	for {
		line, rest, whole := bytes.Cut(s.rest, []byte("\n"))
		if !whole && !over && len(line) < maxNews {
			return lines
		}
		s.rest = rest
		lines = s.said(lines, string(line))
		if !whole {
			return lines
		}
	}
}

// maxWords is how many lines are kept for lastWords: the first of an error's often say more than the last.
const maxWords = 3

// shown is text of Slurm in a length that suits a message.
func shown(text string) string {
	const most = 400 // a reason with a list of nodes can be longer
	text = strings.TrimSpace(text)
	return strings.ToValidUTF8(text[:min(len(text), most)], "?")
}

// said appends a line unless it is none for the user.
func (s *srun) said(lines []string, line string) []string {
	line = strings.TrimPrefix(strings.TrimPrefix(shown(line), "srun: "), "error: ")
	if line == "" || s.deaf {
		return lines
	}
	s.words = append(s.words, line)
	s.words = s.words[max(0, len(s.words)-maxWords):]
	s.launchFailed = s.launchFailed || strings.Contains(line, " launch failed: ")
	if allocated.MatchString(line) {
		return lines
	}
	return append(lines, "srun: "+line)
}

// lastWords is why srun has ended, as far as it has said so.
func (s *srun) lastWords() error {
	if len(s.words) == 0 {
		return errors.New("srun has ended, and said nothing")
	}
	return errors.New("srun: " + strings.Join(s.words, "; "))
}
