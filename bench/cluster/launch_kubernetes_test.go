//go:build cluster

package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/stats"
)

// onKubernetes is what a test of wsperf launch kubernetes has: the cluster and a testee.
type onKubernetes struct {
	*cluster
	url string
}

var kubernetesLaunches = []struct {
	name string
	test func(t *testing.T, c onKubernetes)
}{
	{"a load is divided", loadInPods},
	{"a rate is divided", rateInPods},
	{"two at once", twoInPods},
	{"a part is killed", podIsKilled},
	{"a part is too late", podIsTooLate},
	{"a part cannot begin", podCannotBegin},
	{"Ctrl-C in the run", interruptedPods},
	{"Ctrl-C while no node has room", interruptedPendingPods},
	{"launch is killed", launchOfPodsIsKilled},
	{"wrong image", wrongImage},
	{"a quota is exceeded", quotaIsExceeded},
	{"the role suffices, and no less", roleSuffices},
	{"a node is lost", nodeOfPodIsLost},
}

func TestLaunchKubernetes(t *testing.T) {
	kubernetes.need(t)
	for _, l := range kubernetesLaunches {
		t.Run(l.name, func(t *testing.T) {
			url := kubernetes.testee(t) // it ends with the test
			step(t, "launch", func() { l.test(t, onKubernetes{kubernetes, url}) })
		})
	}
}

// launch starts three parts. options are those of launch and, after ---, of run.
func (c onKubernetes) launch(t *testing.T, options string) *launched {
	t.Helper()
	l := &launched{T: t, dir: t.TempDir()}
	before, behind, _ := strings.Cut(options, "--- ")
	args := []string{"launch", "kubernetes", "--shards=3", "--lead=3s", "--image=" + image, "--out=" + l.path("result.json")}
	args = append(args, strings.Fields(before)...)
	l.cmd = c.command(t, programs.Wsperf(t), append(append(args, "--", "run", c.url), strings.Fields(behind)...)...)
	l.cmd.Stdout, l.cmd.Stderr = &l.out, &l.err
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return l
}

// job returns the name of the Job, once launch has said it.
func (l *launched) job() string {
	l.Helper()
	l.says(": waiting for 3 parts")
	_, name, _ := strings.Cut(l.err.String(), "wsperf: job ")
	name, _, _ = strings.Cut(name, ":")
	name, _, _ = strings.Cut(name, " ")
	return name
}

// pod returns the process of a part, once it runs.
func (l *launched) pod(number int) (pid int) {
	l.Helper()
	argument, variable := "\x00--run-id="+l.job()+"\x00", "\x00JOB_COMPLETION_INDEX="+strconv.Itoa(number)+"\x00"
	l.await("part "+strconv.Itoa(number)+" runs", func() bool {
		all, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well-formed
		for _, p := range all {
			line, _ := os.ReadFile(filepath.Join(p, "cmdline")) // empty if it has ended
			environment, _ := os.ReadFile(filepath.Join(p, "environ"))
			if strings.HasPrefix(string(line), "wsperf\x00run\x00") && strings.Contains(string(line), argument) && strings.Contains("\x00"+string(environment), variable) {
				pid, _ = strconv.Atoi(filepath.Base(p))
				return true
			}
		}
		return false
	})
	return pid
}

// cleared checks that the Job is deleted, and awaits that of its pods.
func (c onKubernetes) cleared(l *launched, options ...string) {
	l.Helper()
	name := l.job()
	if left := c.kubectl(l.T, append(options, "get", "jobs", "--output=name", "--selector=wsperf/job="+name)...); left != "" {
		l.Errorf("%s is left", left)
	}
	l.await("the pods are gone", func() bool {
		return c.kubectl(l.T, append(options, "get", "pods", "--output=name", "--selector=wsperf/job="+name)...) == ""
	})
}

// parts checks that the result has these parts, and how many connections they made.
func (l *launched) parts(connections uint64, numbers ...int) *stats.Result {
	l.Helper()
	r := l.result()
	var got []int
	for _, p := range r.Parts {
		got = append(got, p.Number)
	}
	if fmt.Sprint(got) != fmt.Sprint(numbers) || connections > 0 && (r.Total != connections || r.Success != connections) {
		l.Errorf("parts %v with %d connections, %d of them successes, want parts %v with %d\n%s", got, r.Total, r.Success, numbers, connections, &l.err)
	}
	return r
}

// loadInPods: the parts make the connections of the whole together, and the merged histograms are those of all values.
func loadInPods(t *testing.T, c onKubernetes) {
	l := c.launch(t, "--keep --run-id=r7 --- --conns 5000 --log")
	l.ends(0)
	l.said("waiting for 3 parts", allReady, "was kept")
	r := l.parts(5000, 0, 1, 2)
	hosts := map[string]bool{}
	for i, p := range r.Parts {
		hosts[p.Host] = true
		if !p.Begun || p.RunID != "r7" || p.Done.Started < 1666 || p.Done.Started > 1667 {
			t.Errorf("part %d: %+v, %+v", i, p, p.Done)
		}
	}
	if len(hosts) != nodes || !hosts["n1"] {
		t.Errorf("the parts ran on %v", hosts)
	}
	job := l.keptJob()
	c.compareHistograms(t, job, r)
	c.kubectl(t, "delete", "job", job)
}

// keptJob is the name of a Job that launch has left.
func (l *launched) keptJob() string {
	l.Helper()
	_, name, _ := strings.Cut(l.err.String(), "wsperf: job ")
	name, _, _ = strings.Cut(name, ":")
	return name
}

// compareHistograms records the times of each connection, which are in the parts' logs.
func (c onKubernetes) compareHistograms(t *testing.T, job string, merged *stats.Result) {
	t.Helper()
	open, close := merged.Phases[stats.PhaseOpen].Success, merged.Phases[stats.PhaseClose].Success
	wantOpen, wantClose := open.Clone(), close.Clone()
	wantOpen.Reset()
	wantClose.Reset()
	for _, p := range pods(t, c.cluster, job) {
		var part struct {
			Connections []struct{ Open, Close int64 } `json:"connection_stats"`
		}
		if err := json.Unmarshal([]byte(c.kubectl(t, "logs", p.name)), &part); err != nil {
			t.Fatal(err)
		}
		for _, connection := range part.Connections {
			if err := errors.Join(wantOpen.RecordValue(connection.Open), wantClose.RecordValue(connection.Close)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !open.Equals(wantOpen) || !close.Equals(wantClose) || open.TotalCount() != 5000 {
		t.Errorf("the merged histograms are not those of all values: open q99 %d us of %d, want %d of %d",
			open.ValueAtQuantile(99), open.TotalCount(), wantOpen.ValueAtQuantile(99), wantOpen.TotalCount())
	}
}

// soon is how close the parts begin.
const soon = 5 * time.Millisecond

// rateInPods: the rate is that of the whole; a machine with three nodes on two CPUs can be too busy to make all starts that
// are due, and to begin soon, so that may take several attempts.
func rateInPods(t *testing.T, c onKubernetes) {
	const attempts = 5
	var starts []time.Duration
	for range attempts {
		l := c.launch(t, "--- --rate 400 --duration 3s")
		l.ends(0)
		r := l.parts(0, 0, 1, 2)
		if r.Load.Offered < 399.6 || r.Load.Offered > 400.4 || r.Load.Due < 1199 || r.Load.Due > 1201 || r.Total+r.Load.Owed != r.Load.Due {
			t.Errorf("%v starts a second were offered, %d were due and %d made, want 400 and 1200 within 0.1 %%", r.Load.Offered, r.Load.Due, r.Total)
		}
		s, ok := r.Spread()
		if starts = append(starts, s.Starts); ok && s.Starts <= soon {
			c.cleared(l)
			return
		}
	}
	t.Errorf("the parts began within %v, want %v", starts, soon)
}

func twoInPods(t *testing.T, c onKubernetes) {
	a, b := c.launch(t, "--- --conns 1000"), c.launch(t, "--- --conns 2000")
	a.ends(0)
	b.ends(0)
	if a, b := a.parts(1000, 0, 1, 2), b.parts(2000, 0, 1, 2); a.Parts[0].RunID == b.Parts[0].RunID {
		t.Errorf("both runs are %s", a.Parts[0].RunID)
	}
	c.cleared(a)
	c.cleared(b)
}

// podIsKilled: the others run to their end.
func podIsKilled(t *testing.T, c onKubernetes) {
	l := c.launch(t, "--grace=10s --- --duration 4s")
	l.says(allReady)
	l.kill(l.pod(1), unix.SIGKILL)
	l.ends(3)
	l.said("has ended: exit code 137", "it has no result", "part 1 of 3 is missing")
	if r := l.parts(0, 0, 2); r.Fail > 0 || r.Duration() < 4*time.Second {
		t.Errorf("%d failures, %v", r.Fail, r.Duration())
	}
	c.cleared(l)
}

// podIsTooLate: a part that is stopped at the moment does not begin. It is not the first that has come to its end: the
// others have all the time that they need.
func podIsTooLate(t *testing.T, c onKubernetes) {
	l := c.launch(t, "--lead=4s --max-late=1s --grace=6s --allow-missing=1 --- --duration 12s --rate 100")
	pid := l.pod(2)
	l.says(allReady)
	l.kill(pid, unix.SIGSTOP)
	time.Sleep(5500 * time.Millisecond) // later than the moment by more than --max-late
	l.kill(pid, unix.SIGCONT)
	l.ends(0)
	l.said("has ended: exit code 4")
	r := l.parts(0, 0, 1, 2)
	if begun := len(r.Parts) == 3 && r.Parts[2].Begun; begun || r.Duration() < 11*time.Second {
		t.Errorf("%v, %+v", r.Duration(), r.Parts)
	}
	c.cleared(l)
}

// podCannotBegin: what the part has said is known without its log.
func podCannotBegin(t *testing.T, c onKubernetes) {
	l := c.launch(t, "--- --cpus 1023")
	l.ends(1)
	l.said("of 3 parts ended before the run began", ": CPU 1023 is not allowed")
	c.cleared(l)
}

// interruptedPods: the parts report what they have measured.
func interruptedPods(t *testing.T, c onKubernetes) {
	l := c.launch(t, "--- --duration 60s --rate 300")
	l.says(allReady)
	time.Sleep(5 * time.Second) // some of the run
	if err := l.cmd.Process.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	l.ends(130)
	if r := l.parts(0, 0, 1, 2); r.Success == 0 || r.Duration() > 50*time.Second {
		t.Errorf("%d connections, %v", r.Success, r.Duration())
	}
	if strings.Contains(l.err.String(), "warning") {
		t.Errorf("launch said %s", &l.err)
	}
	c.cleared(l)
}

func interruptedPendingPods(t *testing.T, c onKubernetes) {
	l := c.launch(t, "--node-selector=no=where --- --conns 300")
	l.says("pods cannot be scheduled: 0/3 nodes are available")
	if err := l.cmd.Process.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	l.ends(130)
	l.said("interrupted before the run began")
	c.cleared(l)
}

// launchOfPodsIsKilled: the parts do not need it any more, and their logs are enough for a report.
func launchOfPodsIsKilled(t *testing.T, c onKubernetes) {
	l := c.launch(t, "--- --conns 3000")
	l.says(allReady)
	name := l.job()
	c.run(t, "pkill", "-KILL", "-f", "wsperf launch kubernetes .*"+l.dir)
	_ = l.cmd.Wait() // it was killed
	c.kubectl(t, "wait", "--for=condition=complete", "--timeout=60s", "job/"+name)
	c.run(t, "sh", "-c", "kubectl logs --selector wsperf/job="+name+" --tail -1 --prefix | "+
		programs.Wsperf(t)+" report --expect 3 --require 'success == 3000' -")
	c.kubectl(t, "delete", "job", name)
}

// wrongImage: it is an error soon, whatever is wrong with it.
func wrongImage(t *testing.T, c onKubernetes) {
	for options, want := range map[string]string{
		"--image=WSPERF//:1": "InvalidImageName",
		"--image=wsperf.test/none:1 --image-pull-policy=Never": "ErrImageNeverPull",
		"--program=/none": "no such file or directory",
	} {
		l := c.launch(t, options+" --- --conns 300")
		l.ends(1)
		l.said(want)
		c.cleared(l)
	}
}

// inNamespace makes a namespace, in which all must be as the strictest Pod Security Standard wants it.
func (c onKubernetes) inNamespace(t *testing.T, name string) {
	t.Helper()
	c.create(t, []byte(`{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "`+name+`", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}`))
}

func quotaIsExceeded(t *testing.T, c onKubernetes) {
	c.inNamespace(t, "small")
	defer c.kubectl(t, "delete", "namespace", "small", "--wait=false")
	c.kubectl(t, "--namespace=small", "create", "quota", "pods", "--hard=pods=2")
	l := c.launch(t, "--namespace=small --- --conns 300")
	l.says("exceeded quota: pods")
	if err := l.cmd.Process.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	l.ends(130)
	c.cleared(l, "--namespace=small")
}

// grant is a verb that the role has.
type grant struct{ group, resource, verb string }

// roleSuffices: what --print prints is enough, and each verb is needed. Without it, the error names what is forbidden.
func roleSuffices(t *testing.T, c onKubernetes) {
	c.inNamespace(t, "load")
	defer c.kubectl(t, "delete", "namespace", "load", "--wait=false")
	// The administrator acts as a user without rights.
	as := filepath.Join(t.TempDir(), "kubectl-as-loader")
	if err := os.WriteFile(as, []byte("#!/bin/sh\nexec kubectl --as=loader \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	options := "--namespace=load --kubectl=" + as
	printed := c.launch(t, options+" --print --- --conns 300")
	printed.ends(0)
	documents := strings.Split(strings.ReplaceAll(printed.out.String(), "USER", "loader"), "---\n")
	if len(documents) != 3 {
		t.Fatalf("%d documents: %s", len(documents), &printed.out)
	}
	c.create(t, []byte(documents[0]+"---\n"+documents[1]))
	l := c.launch(t, options+" --- --conns 300")
	l.ends(0)
	l.parts(300, 0, 1, 2)
	c.cleared(l, "--namespace=load")
	grants := c.grants(t)
	if len(grants) < 6 {
		t.Errorf("the role has %v", grants)
	}
	for i, g := range grants {
		if g.resource == "events" { // they are asked for if pods are missing
			continue
		}
		rest := append(append([]grant{}, grants[:i]...), grants[i+1:]...)
		c.setRole(t, rest)
		l := c.launch(t, options+" --- --conns 300")
		l.ends(1)
		l.said(fmt.Sprintf(`User "loader" cannot %s resource %q in API group %q in the namespace "load"`, g.verb, g.resource, g.group), "--print shows the Role that suffices")
	}
}

func (c onKubernetes) grants(t *testing.T) (all []grant) {
	t.Helper()
	var role struct {
		Rules []struct{ APIGroups, Resources, Verbs []string }
	}
	if err := json.Unmarshal([]byte(c.kubectl(t, "--namespace=load", "get", "role", "wsperf", "--output=json")), &role); err != nil {
		t.Fatal(err)
	}
	for _, r := range role.Rules {
		for _, verb := range r.Verbs {
			all = append(all, grant{r.APIGroups[0], r.Resources[0], verb})
		}
	}
	return all
}

// setRole gives the role these verbs and no others.
func (c onKubernetes) setRole(t *testing.T, grants []grant) {
	t.Helper()
	var rules []map[string][]string
	for _, g := range grants {
		rules = append(rules, map[string][]string{"apiGroups": {g.group}, "resources": {g.resource}, "verbs": {g.verb}})
	}
	patch, err := json.Marshal(map[string]any{"rules": rules})
	if err != nil {
		t.Fatal(err)
	}
	c.kubectl(t, "--namespace=load", "patch", "role", "wsperf", "--type=merge", "--patch="+string(patch))
}

// nodeOfPodIsLost: launch does not wait for it, and says which part is missing.
func nodeOfPodIsLost(t *testing.T, c onKubernetes) {
	l := c.launch(t, "--grace=10s --- --duration 4s --rate 100")
	l.says(allReady)
	time.Sleep(4 * time.Second) // they have begun
	c.kill(t, 3)
	l.ends(3)
	l.said("1 of 3 parts have not ended within 10s", "of 3 is missing")
	if r := l.result(); len(r.Parts) != 2 {
		t.Errorf("%d parts", len(r.Parts))
	}
	c.startNode(t, 3)
	c.awaitPrinted(t, "True", "kubectl", "get", "node", "n3", `--output=jsonpath={.status.conditions[?(@.type=="Ready")].status}`)
	c.cleared(l)
}
