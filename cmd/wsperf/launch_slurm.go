package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/launch/slurm"
	"wsperf/cmd/internal/ui"
)

const launchSlurmLong = `Launch slurm makes the run in the tasks of a job step that srun starts, one on each node: in an
allocation of its own, or, within salloc or a batch script, in that one. Within a step, such as
srun --pty bash, it needs --srun-option=--overlap. Waiting in the queue is part of --ready-timeout.

The nodes share a folder (--dir), in which launch makes one for the step: with the moment at which
the parts begin, and with what each part prints. It is removed at the end, unless a part has no
result. If launch is killed, the parts go on, and wsperf report --expect N merges what they leave
in it. The nodes have wsperf at the same path (--program), of the same version as this one.` + launchLongTail

const launchSlurmExample = `  # 30 seconds from 3 nodes, at 6000 starts a second together
  wsperf launch slurm --shards 3 -- run ws://chat.example/ --rate 6000 --duration 30s

  # with 8 CPUs on each of 20 nodes of a partition, waiting for them for up to 4 hours
  wsperf launch slurm --shards 20 --cpu 8 --partition load --time 10 --ready-timeout 4h --timeout 5h \
      --srun-option=--account=web --out result.json -- run wss://chat.example/ --conns 20000000 --low 16000 --high 32000

  # in a batch script
  sbatch --nodes 3 --ntasks-per-node 1 --wrap 'wsperf launch slurm --shards 3 -- run ws://chat.example/'`

// slurmOptions are the options of launch slurm.
type slurmOptions struct {
	*launchOptions
	step slurm.Step
	cpus int // 0: Slurm's default
	dir  string
}

func newLaunchSlurmCommand(u *ui.UI) *cobra.Command {
	o := slurmOptions{launchOptions: newLaunchOptions(2 * time.Second)}
	return newEngineCommand(u, &o, &cobra.Command{
		Use:     "slurm --shards N [options] -- run URL [options of run]",
		Short:   "spread a run over the nodes of a Slurm cluster",
		Long:    launchSlurmLong,
		Example: launchSlurmExample,
	})
}

func (o *slurmOptions) bind(f *pflag.FlagSet) {
	s := &o.step
	o.bindParts(f)
	f.Var(slurm.Option{To: &s.Options, Name: "partition"}, "partition", "use nodes of the partition `NAME` (default that of Slurm)")
	f.Var(slurm.Option{To: &s.Options, Name: "time"}, "time", "let Slurm end the job after this `TIME`, as srun writes it: minutes, or HOURS:MINUTES:SECONDS\n(default that of the partition)")
	f.Var(job.Number[int]{To: &o.cpus, Least: 1, Most: 1024}, "cpu", "give each part `N` CPUs (default that of Slurm, most often 1)")
	f.Var(slurm.Option{To: &s.Options}, "srun-option", "give srun the `OPTION`, such as --account=web or --exclusive; can be repeated (default none)")
	f.StringVar(&o.dir, "dir", "", "make the folder of the step in the folder `DIR`, which all nodes share (default the working folder)")
	f.StringVar(&s.Program, "program", "", "wsperf is at `PATH` on the nodes (default the path of this program)")
	o.bindTimes(f)
	o.bindOutputs(f)
}

func (o *slurmOptions) check(c *cobra.Command, args []string) (*partRun, error) {
	switch {
	case c.Flags().Changed("program") && !filepath.IsAbs(o.step.Program):
		return nil, usagef(c, "--program %q: must be an absolute path on the nodes", o.step.Program)
	case c.Flags().Changed("dir") && o.dir == "":
		return nil, usagef(c, "--dir: the name is empty: must be a folder that all nodes share")
	}
	return o.launchOptions.check(c, args)
}

func (o *slurmOptions) launch(c *cobra.Command, u *ui.UI, r *partRun) error {
	program, err := o.program()
	if err != nil {
		return err
	}
	s := o.step
	s.Shards, s.Program, s.Args, s.RunID = o.plan.Shards, program, r.args, o.runID
	s.MaxLate, s.StartTimeout = o.maxLate, min(o.plan.ReadyTimeout+o.plan.Grace, job.MostStartTimeout)
	if o.cpus > 0 {
		s.Options = append(s.Options, fmt.Sprintf("--cpus-per-task=%d", o.cpus))
	}
	carrier, err := slurm.New(s, o.dir, u.Note)
	if err != nil {
		return asUsage(c, err)
	}
	if o.print {
		return carrier.Print(u.Out)
	}
	return o.do(c, u, carrier)
}

// program is the path of wsperf on the nodes.
func (o *slurmOptions) program() (string, error) {
	if o.step.Program != "" {
		return o.step.Program, nil
	}
	return os.Executable()
}
