//go:build cluster

package cluster

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// onSlurm launches parts by wsperf launch slurm.
type onSlurm struct{ *cluster }

func TestLaunchSlurm(t *testing.T) {
	launchEach(t, onSlurm{slurm}, []launchTest[onSlurm]{
		{"Ctrl-C in the queue", interruptedInTheQueue},
		{"in a batch script", inBatchScript},
		{"wrong partition", wrongPartition},
		{"a folder is not shared", folderIsNotShared},
	})
}

func (c onSlurm) place() *cluster { return c.cluster }

func (c onSlurm) options(l *launched) []string { return []string{"--dir=" + l.dir} }

// step returns the folder of the step, empty if there is none.
func (c onSlurm) step(l *launched) string {
	l.Helper()
	all, err := filepath.Glob(l.path("wsperf-*"))
	if err != nil || len(all) > 1 {
		l.Fatal(all, err)
	}
	return strings.Join(all, "")
}

// find: a part's command line names the folder of the step.
func (c onSlurm) find(l *launched, part int) (pid int) {
	return find(programs.Wsperf(l.T), "\x00SLURM_PROCID="+strconv.Itoa(part)+"\x00", "\x00run\x00", l.dir+"/")
}

// exited: srun says it, of a signal by its name.
func (c onSlurm) exited(part, code int) string {
	how := "Exited with exit code " + strconv.Itoa(code)
	if code == 128+int(unix.SIGKILL) {
		how = "Killed"
	}
	return "task " + strconv.Itoa(part) + ": " + how
}

// awaitEnd: a job that has ended is completing for a moment.
func (c onSlurm) awaitEnd(l *launched) { l.Helper(); c.awaitNothing(l.T, "squeue", "--noheader") }

// outputs returns the files to which the parts have printed.
func (c onSlurm) outputs(l *launched) []string {
	l.Helper()
	all, err := filepath.Glob(filepath.Join(c.step(l), "part-*.out"))
	if err != nil || len(all) != nodes {
		l.Fatal(all, err)
	}
	return all
}

func (c onSlurm) logs(l *launched) (all []string) {
	l.Helper()
	for _, path := range c.outputs(l) {
		text, err := os.ReadFile(path)
		if err != nil {
			l.Fatal(err)
		}
		all = append(all, string(text))
	}
	return all
}

func (c onSlurm) report(l *launched, options ...string) string {
	l.Helper()
	return c.run(l.T, programs.Wsperf(l.T), slices.Concat([]string{"report"}, options, c.outputs(l))...)
}

// remove: the folder goes with the test's.
func (c onSlurm) remove(*launched) {}

// checkCleared checks that neither the step nor its folder is left.
func (c onSlurm) checkCleared(l *launched) {
	l.Helper()
	if left := c.step(l); left != "" {
		l.Errorf("%s is left", left)
	}
	c.awaitEnd(l)
}

// checkIncomplete: what the parts printed is kept.
func (c onSlurm) checkIncomplete(l *launched) {
	l.Helper()
	l.said("was kept in "+c.step(l), "is missing")
	c.awaitEnd(l)
}

// interruptedInTheQueue: the job of the step is cancelled. Until then Slurm's reason is said.
func interruptedInTheQueue(t *testing.T, c onSlurm, url string) {
	occupier := c.command(t, "srun", "--nodes=3", "--exclusive", "--job-name=occupier", "sleep", "100")
	if err := occupier.Start(); err != nil {
		t.Fatal(err)
	}
	c.awaitPrinted(t, "occupier RUNNING", "squeue", "--noheader", "--format=%j %T")
	l := launch(t, c, url, "--srun-option=--exclusive --- --conns 300")
	l.says("waits in the queue: Resources")
	l.interrupt()
	l.ends(130)
	l.said("interrupted before the run began")
	c.run(t, "scancel", "--name=occupier")
	_ = occupier.Wait() // it was cancelled
	c.checkCleared(l)
}

// inBatchScript: the step is in the script's allocation.
func inBatchScript(t *testing.T, c onSlurm, url string) {
	dir := t.TempDir()
	script := programs.Wsperf(t) + " launch slurm --shards 3 --out result.json -- run " + url + " --conns 1000"
	c.run(t, "sbatch", "--wait", "--nodes=3", "--ntasks-per-node=1", "--chdir="+dir, "--wrap="+script)
	l := &launched{T: t, by: c, dir: dir}
	l.parts(1000, 0, 1, 2)
	c.checkCleared(l)
}

func wrongPartition(t *testing.T, c onSlurm, url string) {
	l := launch(t, c, url, "--partition=nonesuch --- --conns 1000")
	l.ends(1)
	l.said("srun: invalid partition specified: nonesuch")
	c.checkCleared(l)
}

// folderIsNotShared: node 2 has another folder of that name.
func folderIsNotShared(t *testing.T, c onSlurm, url string) {
	dir := t.TempDir()
	c.onNode(t, 2, "mount", "-t", "tmpfs", "tmpfs", dir)
	defer c.onNode(t, 2, "umount", dir)
	l := launch(t, c, url, "--dir="+dir+" --- --conns 1000")
	l.ends(1)
	l.said("task 1 launch failed", "can all nodes write to "+dir)
	c.checkCleared(l)
}

// onNode runs a command in the mounts of a node.
func (c onSlurm) onNode(t *testing.T, node int, command ...string) {
	t.Helper()
	script := `exec nsenter --mount=/proc/$(cat "/proc/$(cat "$0")/task/"*/children | tr -d ' ')/ns/mnt -- "$@"`
	c.run(t, "sh", append([]string{"-c", script, filepath.Join(c.folder, "n"+strconv.Itoa(node)+".pid")}, command...)...)
}
