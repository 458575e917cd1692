package kubernetes

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"wsperf/cmd/internal/job"
)

// Job is what a launch asks of Kubernetes.
type Job struct {
	Name   string
	Shards int
	Image  string
	Args   []string // of wsperf run, with URL

	Program         string // wsperf's path in the image
	ImagePullPolicy string // empty: Kubernetes' default
	CPUs            int    // of a part, 1 or more
	Memory          string // of a part, a quantity such as 512Mi
	HostNetwork     bool
	NodeSelector    map[string]string
	Tolerations     []Toleration

	RunID        string
	MaxLate      time.Duration
	ReadyTimeout time.Duration
	Timeout      time.Duration // after which Kubernetes ends the Job
	Grace        time.Duration // for a part that is to end
	Keep         bool
}

// Toleration is a taint that is tolerated.
type Toleration struct{ Key, Value, Effect string }

// NewJobName returns a name that no other launch has, as far as 8 random letters go.
func NewJobName() string { return "wsperf-" + strings.ToLower(rand.Text()[:8]) }

// Labels, annotations and paths of a part. A prefix without a dot is no domain, so it is nobody's.
const (
	jobLabel        = "wsperf/job"
	startAnnotation = "wsperf/start-at"

	startFolder = "/run/wsperf/start"
	startFile   = "at"
	readyFolder = "/run/wsperf/ready"
	readyFile   = readyFolder + "/ready"
	errorsFile  = "/dev/termination-log" // Kubernetes' default for the message of a container's end
)

func (j *Job) selector() string { return jobLabel + "=" + j.Name }

func (j *Job) labels() map[string]string {
	return map[string]string{"app.kubernetes.io/name": "wsperf", jobLabel: j.Name}
}

// keptSeconds is how long a Job is kept that the launch has not deleted, because it was killed.
const keptSeconds = 3600

// manifest is the Job. Without the fields of failed indexes, one part that fails would end all
// (Kubernetes 1.33; on by default since 1.29).
func (j *Job) manifest() *jobManifest {
	m := &jobManifest{kind: kind{"batch/v1", "Job", metadata{Name: j.Name, Labels: j.labels()}}}
	m.Spec = jobSpec{
		CompletionMode: "Indexed", Completions: j.Shards, Parallelism: j.Shards,
		BackoffLimitPerIndex: 0, MaxFailedIndexes: j.Shards, PodReplacementPolicy: "Failed",
		ActiveDeadlineSeconds: seconds(j.Timeout + j.Grace),
		Template:              podTemplate{metadata{Labels: j.labels()}, j.pod()},
	}
	if !j.Keep {
		kept := keptSeconds
		m.Spec.TTLSecondsAfterFinished = &kept
	}
	return m
}

// seconds rounds up.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

func (j *Job) pod() podSpec {
	s := podSpec{
		RestartPolicy: "Never", TerminationGracePeriodSeconds: seconds(j.Grace),
		HostNetwork: j.HostNetwork, NodeSelector: j.NodeSelector, Tolerations: j.tolerations(),
		TopologySpreadConstraints: []spreadConstraint{{
			MaxSkew: 1, TopologyKey: "kubernetes.io/hostname", WhenUnsatisfiable: "ScheduleAnyway", LabelSelector: labelSelector{j.labels()},
		}},
		SecurityContext: podSecurity{RunAsNonRoot: true, SeccompProfile: seccompProfile{"RuntimeDefault"}},
		Containers:      []container{j.container()},
		Volumes: []volume{
			{Name: "start", DownwardAPI: &downwardAPI{[]downwardItem{{startFile, fieldRef{"metadata.annotations['" + startAnnotation + "']"}}}}},
			{Name: "ready", EmptyDir: &emptyDir{"Memory", "1Mi"}},
		},
	}
	if j.HostNetwork {
		s.DNSPolicy = "ClusterFirstWithHostNet" // names of Services still resolve
	}
	return s
}

// lostAfter is how long a pod stays on a node that does not answer. Kubernetes' default is 5 minutes.
const lostAfter = 5

func (j *Job) tolerations() (all []toleration) {
	for _, key := range []string{"node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready"} {
		after := int64(lostAfter)
		all = append(all, toleration{Key: key, Operator: "Exists", Effect: "NoExecute", TolerationSeconds: &after})
	}
	for _, t := range j.Tolerations {
		operator := "Equal"
		if t.Value == "" {
			operator = "Exists"
		}
		all = append(all, toleration{Key: t.Key, Operator: operator, Value: t.Value, Effect: t.Effect})
	}
	return all
}

// container is a part. Requests that equal the limits make the pod Guaranteed, and with the kubelet's static CPU manager
// give it CPUs of its own. No process is started beside a measured run: there is a startup probe only.
func (j *Job) container() container {
	size := map[string]string{"cpu": fmt.Sprint(j.CPUs), "memory": j.Memory}
	return container{
		Name: "wsperf", Image: j.Image, ImagePullPolicy: j.ImagePullPolicy,
		Command:         j.command(),
		Env:             []envVar{{Name: "WSPERF_SHARDS", Value: fmt.Sprint(j.Shards)}, {Name: "WSPERF_NODE", ValueFrom: &envSource{fieldRef{"spec.nodeName"}}}},
		Resources:       resources{Requests: size, Limits: size},
		SecurityContext: containerSecurity{ReadOnlyRootFilesystem: true, Capabilities: capabilities{[]string{"ALL"}}},
		StartupProbe: probe{
			Exec: execAction{[]string{j.Program, "ready", readyFile}}, PeriodSeconds: 1, TimeoutSeconds: 5,
			FailureThreshold: int(seconds(j.ReadyTimeout + j.Grace)),
		},
		VolumeMounts: []volumeMount{{"start", startFolder, true}, {"ready", readyFolder, false}},
	}
}

// command is that of a part. Its standard error goes to the message of the container's end, because a log has both outputs,
// and the engine may put lines of one into a long line of the other.
func (j *Job) command() []string {
	all := []string{j.Program, "stderr", errorsFile, "run", "--quiet", "--out=-", "--run-id=" + j.RunID, "--ready-file=" + readyFile,
		"--start-at=@" + startFolder + "/" + startFile, "--start-timeout=" + min(j.ReadyTimeout+j.Grace, job.MostStartTimeout).String(), "--max-late=" + j.MaxLate.String()}
	all = append(all, j.Args...)
	for i := range all {
		all[i] = strings.ReplaceAll(all[i], "$", "$$") // $(NAME) is a variable (Container.command)
	}
	return all
}
