package slurm

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"time"

	"golang.org/x/sys/unix"
)

// What srun says of a job of its own.
var (
	queued    = regexp.MustCompile(`job (\d+) queued and waiting`)
	allocated = regexp.MustCompile(`job \d+ has been allocated`)
)

const (
	// askEvery is how often squeue is asked. Each time it asks slurmctld, which is there for all users
	// (squeue(1), PERFORMANCE).
	askEvery = 10 * time.Second
	// answersWithin bounds an answer.
	answersWithin = 5 * time.Second
)

// queue is where a step waits to be started.
type queue struct {
	since  time.Time
	within string    // the allocation that it is in; empty: srun asks for one
	job    string    // srun's own, which waits; empty: none does
	asked  time.Time // when squeue was asked last
}

// hear takes note of what srun says.
func (q *queue) hear(lines []string) {
	for _, line := range lines {
		if m := queued.FindStringSubmatch(line); m != nil {
			q.job = m[1]
		}
	}
}

// reason says why the step waits, if that is known and it is time to ask. said is what srun has said
// since the last call, started whether a task has started.
func (q *queue) reason(ctx context.Context, said []string, started bool) []string {
	q.hear(said)
	switch {
	case started:
	case q.within != "" && time.Since(q.since) > askEvery: // srun says nothing, and squeue has no such steps
		return []string{fmt.Sprintf("no part has started within %v: other steps may have the CPUs of job %s, which --srun-option=--overlap shares",
			askEvery, q.within)}
	case q.job != "" && time.Since(q.asked) > askEvery:
		return q.ask(ctx)
	}
	return nil
}

// ask returns Slurm's reason for the job.
func (q *queue) ask(ctx context.Context) []string {
	q.asked = time.Now()
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	cmd := exec.CommandContext(ctx, "squeue", "--noheader", "--jobs="+q.job, "--states=PENDING", "--format=%r")
	cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true} // as srun
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	reason := shown(string(out))
	if err != nil || reason == "" || reason == "None" { // it has begun, or has not been looked at yet
		return nil
	}
	return []string{"job " + q.job + " waits in the queue: " + reason}
}
