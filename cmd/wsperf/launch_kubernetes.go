package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/launch/kubernetes"
	"wsperf/cmd/internal/ui"
)

const launchKubernetesLong = `Launch kubernetes makes the run in pods of an indexed Job, spread evenly over the nodes of the
cluster that kubectl is configured for. Each part has as many CPUs for its own as --cpu says.

The image has wsperf, of the same version as this one, and a user that is not root. Kubernetes
1.33 or later is needed, or 1.29 with its default feature gates. --print shows all that is
created, and the Role that suffices to do so.

Options of the run, such as headers with credentials, can be read by who may read the Job.` + launchLongTail

const launchKubernetesExample = `  # 30 seconds from 3 pods, at 6000 starts a second together
  wsperf launch kubernetes --shards 3 --image registry.example/wsperf:0.1.0 \
      -- run ws://chat.example/ --rate 6000 --duration 30s

  # on nodes for load, with their network, in a namespace, and keep the merged result
  wsperf launch kubernetes --shards 8 --image registry.example/wsperf:0.1.0 --namespace load \
      --node-selector pool=load --toleration dedicated=load --host-network --out result.json \
      -- run wss://chat.example/ --conns 1000000 --low 8000 --high 16000

  # what an administrator has to allow
  wsperf launch kubernetes --shards 3 --image registry.example/wsperf:0.1.0 --print -- run ws://chat.example/`

// kubernetesOptions are the options of launch kubernetes.
type kubernetesOptions struct {
	*launchOptions
	kubectl kubernetes.Kubectl
	job     kubernetes.Job
}

func newLaunchKubernetesCommand(u *ui.UI) *cobra.Command {
	o := kubernetesOptions{
		launchOptions: newLaunchOptions(0), kubectl: kubernetes.Kubectl{Program: "kubectl"},
		job: kubernetes.Job{CPUs: 1, Memory: "512Mi", Program: "/wsperf"},
	}
	o.leadDefault = " (default 5s, and 10ms for each part)"
	return newEngineCommand(u, &o, &cobra.Command{
		Use:     "kubernetes --shards N --image IMAGE [options] -- run URL [options of run]",
		Short:   "spread a run over the nodes of a Kubernetes cluster",
		Long:    launchKubernetesLong,
		Example: launchKubernetesExample,
	})
}

func (o *kubernetesOptions) bind(f *pflag.FlagSet) {
	j := &o.job
	o.bindParts(f)
	f.StringVar(&j.Image, "image", "", "run the parts in the container image `IMAGE`")
	f.Var(kubernetes.PullPolicy{To: &j.ImagePullPolicy}, "image-pull-policy", "pull the image by `POLICY`: Always, IfNotPresent or Never (default that of Kubernetes)")
	f.StringVar(&j.Program, "program", j.Program, "wsperf is at `PATH` in the image")
	f.Var(job.Number[int]{To: &j.CPUs, Least: 1, Most: 1024}, "cpu", "give each part `N` CPUs, and unless told otherwise as many loops; one loop is not pinned")
	f.Var(kubernetes.Quantity{To: &j.Memory}, "memory", "give each part memory of `SIZE`, such as 512Mi: 16 KiB for each open connection, 64 KiB with TLS, and 100 MiB")
	f.BoolVar(&j.HostNetwork, "host-network", false, "let parts use the network of their nodes instead of that of pods (default off)")
	f.Var(kubernetes.NodeSelector{To: &j.NodeSelector}, "node-selector", "run on nodes with the label `KEY=VALUE`; can be repeated (default any)")
	f.Var(kubernetes.Tolerations{To: &j.Tolerations}, "toleration", "tolerate the taint `KEY[=VALUE][:EFFECT]` of nodes; can be repeated (default none)")
	f.StringVar(&o.kubectl.Context, "context", "", "use the `CONTEXT` of kubectl's configuration (default the current one)")
	f.StringVar(&o.kubectl.Namespace, "namespace", "", "use the namespace `NAME` (default that of the context)")
	f.StringVar(&o.kubectl.Program, "kubectl", o.kubectl.Program, "call the `PROGRAM`, which takes the arguments of kubectl")
	o.bindTimes(f)
	o.bindOutputs(f)
}

func (o *kubernetesOptions) check(c *cobra.Command, args []string) (*partRun, error) {
	switch {
	case o.job.Image == "":
		return nil, usagef(c, "--image is missing: must be a container image with wsperf")
	case !strings.HasPrefix(o.job.Program, "/"):
		return nil, usagef(c, "--program %q: must be an absolute path in the image", o.job.Program)
	case o.kubectl.Program == "":
		return nil, usagef(c, "--kubectl: the name is empty: must be a program, such as kubectl")
	}
	if !c.Flags().Changed("lead") {
		o.plan.Lead = usualLead(o.plan.Shards)
	}
	return o.launchOptions.check(c, args)
}

// usualLead is that of as many parts. A kubelet sees a change of its pod within a second, unless it is busy, and the API server
// makes a hundred changes a second.
func usualLead(parts int) time.Duration {
	return 5*time.Second + time.Duration(parts)*10*time.Millisecond
}

func (o *kubernetesOptions) launch(c *cobra.Command, u *ui.UI, r *partRun) error {
	j := o.job
	j.Name, j.Shards, j.Args = kubernetes.NewJobName(), o.plan.Shards, o.withLoops(r)
	j.RunID, j.MaxLate = cmp.Or(o.runID, j.Name), o.maxLate
	j.ReadyTimeout, j.Timeout, j.Grace, j.Keep = o.plan.ReadyTimeout, o.plan.Timeout, o.plan.Grace, o.plan.Keep
	k := kubernetes.New(o.kubectl, j)
	if o.print {
		return k.Print(u.Out)
	}
	return o.do(c, u, k)
}

// withLoops gives a part as many loops as it has CPUs. Unless the kubelet gives it CPUs of its own (its static CPU manager), the
// part is allowed all CPUs of the node, and a loop on each would use up its quota at once. A single loop is best not pinned,
// because parts of several runs would be pinned to the same CPU.
func (o *kubernetesOptions) withLoops(r *partRun) []string {
	loops := o.job.CPUs
	switch {
	case r.given("loops") || r.given("cpus"):
		return r.args
	case loops == 1:
		loops = 0
	}
	return append([]string{fmt.Sprintf("--loops=%d", loops)}, r.args...)
}
