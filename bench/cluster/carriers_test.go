//go:build cluster

package cluster

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"

	"wsperf/stats"
	"wsperf/stats/file"
)

// carrier starts the parts of a run, one on each node, waits for them and returns their results.
type carrier struct {
	name    string
	cluster *cluster
	carry   func(t *testing.T, c *cluster, arguments []string) []*stats.Result
}

var carriers = []carrier{
	{"kubernetes", kubernetes, func(t *testing.T, c *cluster, arguments []string) []*stats.Result {
		return runJob(t, c, job{Network: "host", Arguments: arguments})
	}},
	{"kubernetes pods", kubernetes, func(t *testing.T, c *cluster, arguments []string) []*stats.Result {
		return runJob(t, c, job{Network: "pods", Arguments: arguments})
	}},
	{"slurm", slurm, runStep},
}

// job is what testdata/job.yaml is filled with.
type job struct {
	Name, Network, Image string
	Parts                int
	Arguments            []string
}

var manifest = template.Must(template.New("job.yaml").Funcs(template.FuncMap{
	"list": func(words []string) string { // as YAML
		var quoted []string
		for _, w := range words {
			quoted = append(quoted, fmt.Sprintf("%q", w))
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	},
}).ParseFiles("testdata/job.yaml"))

// createJob creates a Job with a part on each node, named after the test.
func createJob(t *testing.T, c *cluster, j job) (name string) {
	t.Helper()
	j.Name, j.Image, j.Parts = objectName(t), image, nodes
	var text bytes.Buffer
	if err := manifest.Execute(&text, j); err != nil {
		t.Fatal(err)
	}
	c.create(t, text.Bytes())
	return j.Name
}

// objectName makes the name of a Kubernetes object of a test's name (RFC 1123).
func objectName(t *testing.T) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(t.Name())), "-")
}

// pod is a part of a Job.
type pod struct{ name, node string }

// pods returns those of a Job, in the order of its parts.
func pods(t *testing.T, c *cluster, jobName string) (all []pod) {
	t.Helper()
	lines := c.kubectl(t, "get", "pods", "--selector=job-name="+jobName, `--sort-by=.metadata.labels.batch\.kubernetes\.io/job-completion-index`,
		`--output=jsonpath={range .items[*]}{.metadata.name} {.spec.nodeName}{"\n"}{end}`)
	for line := range strings.Lines(lines) {
		name, node, _ := strings.Cut(strings.TrimSpace(line), " ")
		all = append(all, pod{name, node})
	}
	return all
}

// runJob runs a Job to its end, and reads the results in its logs.
func runJob(t *testing.T, c *cluster, j job) (results []*stats.Result) {
	t.Helper()
	name := createJob(t, c, j)
	c.kubectl(t, "wait", "--for=condition=complete", "--timeout=90s", "job/"+name)
	var on []string
	for _, p := range pods(t, c, name) {
		on = append(on, p.node)
		results = append(results, resultIn(t, c.kubectl(t, "logs", p.name)))
	}
	slices.Sort(on)
	if got := strings.Join(on, " "); got != "n1 n2 n3" {
		t.Errorf("parts ran on %q", got)
	}
	return results
}

// runStep runs wsperf on each node with srun, each time the whole of a run. srun mixes up long lines of several tasks on
// standard output, so each has a file.
func runStep(t *testing.T, c *cluster, arguments []string) (results []*stats.Result) {
	t.Helper()
	folder := t.TempDir()
	srun := []string{fmt.Sprintf("--nodes=%d", nodes), fmt.Sprintf("--ntasks=%d", nodes), "--ntasks-per-node=1",
		"--output=" + filepath.Join(folder, "%t.json"), "--error=" + filepath.Join(folder, "%t.log"), programs.Wsperf(t)}
	c.run(t, "srun", append(append(srun, arguments...), "--shard=0/1")...)
	for i := range nodes {
		text, err := os.ReadFile(filepath.Join(folder, fmt.Sprintf("%d.json", i)))
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, resultIn(t, string(text)))
	}
	return results
}

// resultIn reads the result in a log, which begins with the first line that is only a brace.
func resultIn(t *testing.T, log string) *stats.Result {
	t.Helper()
	log = "\n" + log
	begin := strings.Index(log, "\n{\n")
	if begin < 0 {
		t.Fatalf("no result in %q", tail([]byte(log)))
	}
	r, err := file.Read(strings.NewReader(log[begin:]))
	if err != nil {
		t.Fatal(err)
	}
	return r
}
