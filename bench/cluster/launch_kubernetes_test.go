//go:build cluster

package cluster

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// onKubernetes launches parts by wsperf launch kubernetes.
type onKubernetes struct {
	*cluster
	namespace string // empty: that of kubectl's configuration
}

func TestLaunchKubernetes(t *testing.T) {
	launchEach(t, onKubernetes{cluster: kubernetes}, []launchTest[onKubernetes]{
		{"Ctrl-C while no node has room", interruptedPending},
		{"wrong image", wrongImage},
		{"a quota is exceeded", quotaIsExceeded},
		{"the role suffices, and no less", roleSuffices},
	})
}

func (c onKubernetes) place() *cluster { return c.cluster }

func (c onKubernetes) options(*launched) []string {
	return append(c.inNamespace(), "--lead=3s", "--image="+image)
}

// inNamespace is an option of kubectl and of launch.
func (c onKubernetes) inNamespace() []string {
	if c.namespace == "" {
		return nil
	}
	return []string{"--namespace=" + c.namespace}
}

// kubectl runs kubectl as the administrator, in the namespace.
func (c onKubernetes) kubectl(t *testing.T, arguments ...string) string {
	t.Helper()
	return c.cluster.kubectl(t, append(c.inNamespace(), arguments...)...)
}

// job returns the name of the Job, once launch has said it.
func (c onKubernetes) job(l *launched) string {
	l.Helper()
	l.says(": waiting for 3 parts")
	_, name, _ := strings.Cut(l.err.String(), "wsperf: job ")
	name, _, _ = strings.Cut(name, ":")
	name, _, _ = strings.Cut(name, " ")
	return name
}

func (c onKubernetes) find(l *launched, part int) (pid int) {
	return find("wsperf", "\x00JOB_COMPLETION_INDEX="+strconv.Itoa(part)+"\x00", "\x00run\x00", "\x00--run-id="+c.job(l)+"\x00")
}

func (c onKubernetes) exited(_, code int) string { return "has ended: exit code " + strconv.Itoa(code) }

func (c onKubernetes) awaitEnd(l *launched) {
	l.Helper()
	c.kubectl(l.T, "wait", "--for=condition=complete", "--timeout=60s", "job/"+c.job(l))
}

func (c onKubernetes) logs(l *launched) (all []string) {
	l.Helper()
	for _, p := range pods(l.T, c.cluster, c.job(l)) {
		all = append(all, c.kubectl(l.T, "logs", p.name))
	}
	return all
}

func (c onKubernetes) report(l *launched, options ...string) string {
	l.Helper()
	script := `kubectl logs --selector "wsperf/job=$0" --tail -1 --prefix | "$@" -`
	return c.run(l.T, "sh", append([]string{"-c", script, c.job(l), programs.Wsperf(l.T), "report"}, options...)...)
}

func (c onKubernetes) remove(l *launched) {
	l.Helper()
	c.kubectl(l.T, "delete", "job", c.job(l))
}

// checkCleared checks that the Job is deleted, and awaits that of its pods.
func (c onKubernetes) checkCleared(l *launched) {
	l.Helper()
	name := c.job(l)
	if left := c.kubectl(l.T, "get", "jobs", "--output=name", "--selector=wsperf/job="+name); left != "" {
		l.Errorf("%s is left", left)
	}
	l.await("the pods are gone", func() bool {
		return c.kubectl(l.T, "get", "pods", "--output=name", "--selector=wsperf/job="+name) == ""
	})
}

// checkIncomplete: the logs of the parts went with them.
func (c onKubernetes) checkIncomplete(l *launched) { l.Helper(); c.checkCleared(l) }

func interruptedPending(t *testing.T, c onKubernetes, url string) {
	l := launch(t, c, url, "--node-selector=no=where --- --conns 300")
	l.says("pods cannot be scheduled: 0/3 nodes are available")
	l.interrupt()
	l.ends(130)
	l.said("interrupted before the run began")
	c.checkCleared(l)
}

// wrongImage: it is an error soon, whatever is wrong with it.
func wrongImage(t *testing.T, c onKubernetes, url string) {
	for options, want := range map[string]string{
		"--image=WSPERF//:1": "InvalidImageName",
		"--image=wsperf.test/none:1 --image-pull-policy=Never": "ErrImageNeverPull",
		"--program=/none": "no such file or directory",
	} {
		l := launch(t, c, url, options+" --- --conns 300")
		l.ends(1)
		l.said(want)
		c.checkCleared(l)
	}
}

// createNamespace makes the namespace, in which all must be as the strictest Pod Security Standard wants it.
func (c onKubernetes) createNamespace(t *testing.T) {
	t.Helper()
	c.create(t, []byte(`{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "`+c.namespace+`", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}`))
}

func (c onKubernetes) deleteNamespace(t *testing.T) {
	t.Helper()
	c.kubectl(t, "delete", "namespace", c.namespace, "--wait=false")
}

func quotaIsExceeded(t *testing.T, c onKubernetes, url string) {
	c.namespace = "small"
	c.createNamespace(t)
	defer c.deleteNamespace(t)
	c.kubectl(t, "create", "quota", "pods", "--hard=pods=2")
	l := launch(t, c, url, "--- --conns 300")
	l.says("exceeded quota: pods")
	l.interrupt()
	l.ends(130)
	c.checkCleared(l)
}

// grant is a verb that the role has.
type grant struct{ group, resource, verb string }

// roleSuffices: what --print prints is enough, and each verb is needed. Without it, the error names what is forbidden.
func roleSuffices(t *testing.T, c onKubernetes, url string) {
	c.namespace = "load"
	c.createNamespace(t)
	defer c.deleteNamespace(t)
	// The administrator acts as a user without rights.
	as := filepath.Join(t.TempDir(), "kubectl-as-loader")
	if err := os.WriteFile(as, []byte("#!/bin/sh\nexec kubectl --as=loader \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	options := "--kubectl=" + as
	printed := launch(t, c, url, options+" --print --- --conns 300")
	printed.ends(0)
	documents := strings.Split(strings.ReplaceAll(printed.out.String(), "USER", "loader"), "---\n")
	if len(documents) != 3 {
		t.Fatalf("%d documents: %s", len(documents), &printed.out)
	}
	c.create(t, []byte(documents[0]+"---\n"+documents[1]))
	l := launch(t, c, url, options+" --- --conns 300")
	l.ends(0)
	l.parts(300, 0, 1, 2)
	c.checkCleared(l)
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
		l := launch(t, c, url, options+" --- --conns 300")
		l.ends(1)
		l.said(fmt.Sprintf(`User "loader" cannot %s resource %q in API group %q in the namespace "load"`, g.verb, g.resource, g.group), "--print shows the Role that suffices")
	}
}

func (c onKubernetes) grants(t *testing.T) (all []grant) {
	t.Helper()
	var role struct {
		Rules []struct{ APIGroups, Resources, Verbs []string }
	}
	if err := json.Unmarshal([]byte(c.kubectl(t, "get", "role", "wsperf", "--output=json")), &role); err != nil {
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
	c.kubectl(t, "patch", "role", "wsperf", "--type=merge", "--patch="+string(patch))
}
