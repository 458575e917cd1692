//go:build cluster

package cluster

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// onSlurm is what a test of wsperf launch slurm has: the cluster and a testee.
type onSlurm struct {
	*cluster
	url string
}

var slurmLaunches = []struct {
	name string
	test func(t *testing.T, c onSlurm)
}{
	{"a load is divided", loadIsDivided},
	{"a rate is divided", rateIsDivided},
	{"a part is killed", partIsKilled},
	{"a part is too late", partIsTooLate},
	{"a part cannot begin", partCannotBegin},
	{"Ctrl-C in the run", interruptedInTheRun},
	{"Ctrl-C in the queue", interruptedInTheQueue},
	{"launch is killed", launchIsKilled},
	{"two at once", twoAtOnce},
	{"in a batch script", inBatchScript},
	{"wrong partition", wrongPartition},
	{"a folder is not shared", folderIsNotShared},
	{"a node is lost", nodeIsLost},
}

func TestLaunchSlurm(t *testing.T) {
	slurm.need(t)
	url := slurm.testee(t)
	for _, l := range slurmLaunches {
		t.Run(l.name, func(t *testing.T) { step(t, "launch", func() { l.test(t, onSlurm{slurm, url}) }) })
	}
}

// launch starts three parts. options are those of launch and, after --, of run.
func (c onSlurm) launch(t *testing.T, options string) *launched {
	t.Helper()
	l := &launched{T: t, dir: t.TempDir()}
	before, behind, _ := strings.Cut(options, "--- ")
	args := append([]string{"launch", "slurm", "--shards=3", "--dir=" + l.dir, "--out=" + l.path("result.json")}, strings.Fields(before)...)
	l.cmd = c.command(t, programs.Wsperf(t), append(append(args, "--", "run", c.url), strings.Fields(behind)...)...)
	l.cmd.Stdout, l.cmd.Stderr = &l.out, &l.err
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return l
}

// step returns the folder of the step, empty if there is none.
func (l *launched) step() string {
	l.Helper()
	all, err := filepath.Glob(l.path("wsperf-*"))
	if err != nil || len(all) > 1 {
		l.Fatal(all, err)
	}
	return strings.Join(all, "")
}

// part returns the process of a part, once it runs. Its command line names the folder of the step.
func (l *launched) part(number int) (pid int) {
	l.Helper()
	variable := "\x00SLURM_PROCID=" + strconv.Itoa(number) + "\x00"
	l.await("part "+strconv.Itoa(number)+" runs", func() bool {
		pid = l.find("\x00run\x00", variable)
		return pid != 0
	})
	return pid
}

// find returns the process that has these words in its arguments and its environment.
func (l *launched) find(argument, variable string) int {
	all, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well-formed
	for _, p := range all {
		line, _ := os.ReadFile(filepath.Join(p, "cmdline")) // empty if it has ended
		program, _, _ := strings.Cut(string(line), "\x00")
		environment, _ := os.ReadFile(filepath.Join(p, "environ"))
		if program == programs.Wsperf(l.T) && strings.Contains(string(line), argument) && strings.Contains(string(line), l.dir+"/") &&
			strings.Contains("\x00"+string(environment), variable) {
			pid, _ := strconv.Atoi(filepath.Base(p))
			return pid
		}
	}
	return 0
}

// cleared checks that neither the step nor its folder is left.
func (l *launched) cleared(c onSlurm) {
	l.Helper()
	if left := l.step(); left != "" {
		l.Errorf("%s is left", left)
	}
	c.awaitNothing(l.T, "squeue", "--noheader") // a job that has ended is completing for a moment
}

// loadIsDivided: the parts make the connections of the whole together, begin together, and launch's
// result is what report makes of the parts'.
func loadIsDivided(t *testing.T, c onSlurm) {
	l := c.launch(t, "--keep --run-id=r7 --- --conns 5000 --low 10 --high 20")
	l.ends(0)
	l.said("waiting for 3 parts", allReady)
	r := l.result()
	if r.Total != 5000 || r.Success != 5000 || len(r.Parts) != 3 {
		t.Errorf("%d connections, %d succeeded, %d parts", r.Total, r.Success, len(r.Parts))
	}
	for i, p := range r.Parts {
		if !p.Begun || p.RunID != "r7" || p.Host != "n"+strconv.Itoa(i+1) || p.Done.Started < 1666 || p.Done.Started > 1667 {
			t.Errorf("part %d: %+v, %+v", i, p, p.Done)
		}
	}
	parts, err := filepath.Glob(filepath.Join(l.step(), "part-*.out"))
	if err != nil || len(parts) != 3 {
		t.Fatal(parts, err)
	}
	report := c.run(t, programs.Wsperf(t), append([]string{"report", "--json", "--expect=3"}, parts...)...)
	text, err := os.ReadFile(l.path("result.json"))
	if err != nil || strings.TrimSpace(string(text)) != report {
		t.Errorf("launch's result is not that of report (%v):\n%.2000s\n%.2000s", err, text, report)
	}
}

// rateIsDivided: the starts that are due are those of the whole. Whether all are made is up to the machine.
func rateIsDivided(t *testing.T, c onSlurm) {
	l := c.launch(t, "--- --rate 300 --duration 3s")
	l.ends(0)
	r := l.result()
	if r.Load.Due != 900 || r.Load.Offered != 300 || r.Total != 900-r.Load.Owed || len(r.Parts) != 3 {
		t.Errorf("%+v, %d connections of %d parts, want 900 of 3", r.Load, r.Total, len(r.Parts))
	}
	l.cleared(c)
}

// partIsKilled: the others run to their end, what the parts printed is kept.
func partIsKilled(t *testing.T, c onSlurm) {
	l := c.launch(t, "--- --duration 3s")
	l.says(allReady)
	l.kill(l.part(1), unix.SIGKILL)
	l.ends(3)
	l.said("task 1: Killed", "part 1: it has no result", "was kept in "+l.step(), "part 1 of 3 is missing")
	if r := l.result(); len(r.Parts) != 2 || r.Fail > 0 {
		t.Errorf("%d parts, %d failures", len(r.Parts), r.Fail)
	}
}

// partIsTooLate: a part that is stopped at the moment does not begin. It is not the first that has come to its end:
// the others have all the time that they need.
func partIsTooLate(t *testing.T, c onSlurm) {
	l := c.launch(t, "--lead=4s --max-late=1s --grace=1s --- --duration 4s")
	pid := l.part(2)
	l.says(allReady)
	l.kill(pid, unix.SIGSTOP)
	time.Sleep(5500 * time.Millisecond) // later than the moment by more than --max-late
	l.kill(pid, unix.SIGCONT)
	l.ends(3)
	l.said("task 2: Exited with exit code 4")
	r := l.result()
	if len(r.Parts) != 3 || r.Parts[2].Begun || r.Duration() < 4*time.Second {
		t.Errorf("%v, %+v", r.Duration(), r.Parts)
	}
	l.cleared(c)
}

func partCannotBegin(t *testing.T, c onSlurm) {
	l := c.launch(t, "--- --cpus 1023")
	l.ends(1)
	l.said("of 3 parts ended before the run began", ": CPU 1023 is not allowed")
	l.cleared(c)
}

// interruptedInTheRun: the parts report what they have measured.
func interruptedInTheRun(t *testing.T, c onSlurm) {
	l := c.launch(t, "--lead=1s --- --duration 60s")
	l.says(allReady)
	time.Sleep(3 * time.Second) // some of the run
	if err := l.cmd.Process.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	l.ends(130)
	r := l.result()
	if len(r.Parts) != 3 || r.Success == 0 || r.Duration() > 50*time.Second {
		t.Errorf("%d parts, %d connections, %v", len(r.Parts), r.Success, r.Duration())
	}
	l.cleared(c)
}

// interruptedInTheQueue: the job of the step is cancelled. Until then Slurm's reason is said.
func interruptedInTheQueue(t *testing.T, c onSlurm) {
	occupier := c.command(t, "srun", "--nodes=3", "--exclusive", "--job-name=occupier", "sleep", "100")
	if err := occupier.Start(); err != nil {
		t.Fatal(err)
	}
	c.awaitPrinted(t, "occupier RUNNING", "squeue", "--noheader", "--format=%j %T")
	l := c.launch(t, "--srun-option=--exclusive --- --conns 300")
	l.says("waits in the queue: Resources")
	if err := l.cmd.Process.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	l.ends(130)
	l.said("interrupted before the run began")
	c.run(t, "scancel", "--name=occupier")
	_ = occupier.Wait() // it was cancelled
	l.cleared(c)
}

// launchIsKilled: the parts do not need it any more, and what they print is enough for a report.
func launchIsKilled(t *testing.T, c onSlurm) {
	l := c.launch(t, "--lead=1s --- --conns 3000")
	l.says(allReady)
	l.kill(l.find("\x00launch\x00", ""), unix.SIGKILL)
	l.ends(137)
	c.awaitNothing(t, "squeue", "--noheader")
	parts, err := filepath.Glob(filepath.Join(l.step(), "part-*.out"))
	if err != nil || len(parts) != 3 {
		t.Fatal(parts, err)
	}
	c.run(t, programs.Wsperf(t), append([]string{"report", "--expect=3", "--require=success == 3000"}, parts...)...)
}

func twoAtOnce(t *testing.T, c onSlurm) {
	a, b := c.launch(t, "--- --conns 1000"), c.launch(t, "--- --conns 2000")
	a.ends(0)
	b.ends(0)
	if a, b := a.result(), b.result(); a.Success != 1000 || b.Success != 2000 || a.Parts[0].RunID == b.Parts[0].RunID {
		t.Errorf("%d connections of %s, %d of %s", a.Success, a.Parts[0].RunID, b.Success, b.Parts[0].RunID)
	}
	a.cleared(c)
	b.cleared(c)
}

// inBatchScript: the step is in the script's allocation.
func inBatchScript(t *testing.T, c onSlurm) {
	dir := t.TempDir()
	script := programs.Wsperf(t) + " launch slurm --shards 3 --out result.json -- run " + c.url + " --conns 1000"
	c.run(t, "sbatch", "--wait", "--nodes=3", "--ntasks-per-node=1", "--chdir="+dir, "--wrap="+script)
	l := &launched{T: t, dir: dir}
	if r := l.result(); r.Success != 1000 || len(r.Parts) != 3 {
		t.Errorf("%d connections of %d parts", r.Success, len(r.Parts))
	}
	l.cleared(c)
}

func wrongPartition(t *testing.T, c onSlurm) {
	l := c.launch(t, "--partition=nonesuch --- --conns 1000")
	l.ends(1)
	l.said("srun: invalid partition specified: nonesuch")
	l.cleared(c)
}

// folderIsNotShared: node 2 has another folder of that name.
func folderIsNotShared(t *testing.T, c onSlurm) {
	dir := t.TempDir()
	c.onNode(t, 2, "mount", "-t", "tmpfs", "tmpfs", dir)
	defer c.onNode(t, 2, "umount", dir)
	l := c.launch(t, "--dir="+dir+" --- --conns 1000")
	l.ends(1)
	l.said("task 1 launch failed", "can all nodes write to "+dir)
	l.cleared(c)
}

// onNode runs a command in the mounts of a node.
func (c onSlurm) onNode(t *testing.T, node int, command ...string) {
	t.Helper()
	script := `exec nsenter --mount=/proc/$(cat "/proc/$(cat "$0")/task/"*/children | tr -d ' ')/ns/mnt -- "$@"`
	c.run(t, "sh", append([]string{"-c", script, filepath.Join(c.folder, "n"+strconv.Itoa(node)+".pid")}, command...)...)
}

// nodeIsLost: launch does not wait until Slurm notices.
func nodeIsLost(t *testing.T, c onSlurm) {
	l := c.launch(t, "--grace=2s --- --duration 3s")
	l.says(allReady)
	l.part(2)
	time.Sleep(3 * time.Second) // they have begun
	c.kill(t, 3)
	l.ends(3)
	l.said("1 of 3 parts have not ended within 2s", "part 2: it has no result", "was kept in "+l.step(), "part 2 of 3 is missing")
	if r := l.result(); len(r.Parts) != 2 {
		t.Errorf("%d parts", len(r.Parts))
	}
	c.startNode(t, 3)
	c.awaitNothing(t, "squeue", "--noheader")
	c.awaitPrinted(t, "idle", "sinfo", "--noheader", "--nodes=n3", "--format=%t")
}
