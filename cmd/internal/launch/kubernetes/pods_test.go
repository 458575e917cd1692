package kubernetes

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wsperf/cmd/internal/launch"
)

// podJSON is a pod as kubectl prints it. status is that of the API without its braces.
func podJSON(name, status string) string {
	part := strings.TrimPrefix(name, "p")
	return fmt.Sprintf(`{"metadata": {"name": %q, "labels": {"batch.kubernetes.io/job-completion-index": %q}}, "spec": {"nodeName": "n1"}, "status": {%s}}`, name, part, status)
}

// The statuses that a real cluster gave (Kubernetes 1.35), shortened.
const (
	pending       = `"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "True"}]`
	unschedulable = `"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available: 3 Insufficient cpu."}]`
	preparing     = `"phase": "Running", "containerStatuses": [{"started": false, "state": {"running": {}}}]`
	waiting       = `"phase": "Running", "containerStatuses": [{"started": true, "state": {"running": {}}}]`
	done          = `"phase": "Succeeded", "containerStatuses": [{"started": false, "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}]`
	failed        = `"phase": "Failed", "containerStatuses": [{"started": false, "state": {"terminated": {"exitCode": 1, "reason": "Error", "message": "wsperf: every handshake failed: refused 7\n"}}}]`
	late          = `"phase": "Failed", "containerStatuses": [{"started": false, "state": {"terminated": {"exitCode": 4, "reason": "Error", "message": "wsperf: warning: x\nwsperf: late\n"}}}]`
	oom           = `"phase": "Failed", "containerStatuses": [{"started": false, "state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]`
	evicted       = `"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."`
	interrupted   = `"phase": "Failed", "reason": "DeadlineExceeded", "message": "Pod was active too long", "containerStatuses": [{"state": {"terminated": {"exitCode": 143, "reason": "Error"}}}]`
	pulling       = `"phase": "Pending", "containerStatuses": [{"started": false, "state": {"waiting": {"reason": "ContainerCreating"}}}]`
	pullFails     = `"phase": "Pending", "containerStatuses": [{"started": false, "state": {"waiting": {"reason": "ErrImagePull", "message": "no such host"}}}]`
	backsOff      = `"phase": "Pending", "containerStatuses": [{"started": false, "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such host"}}}]`
	invalidImage  = `"phase": "Pending", "containerStatuses": [{"started": false, "state": {"waiting": {"reason": "InvalidImageName", "message": "couldn't parse it"}}}]`
	lostNode      = `"phase": "Running", "conditions": [{"type": "DisruptionTarget", "status": "True", "message": "Taint manager: deleting due to NoExecute taint"}], "containerStatuses": [{"started": true, "state": {"running": {}}}]`
)

// list parses pods with these statuses.
func list(t *testing.T, statuses ...string) []pod {
	t.Helper()
	var all []string
	for i, s := range statuses {
		all = append(all, podJSON(fmt.Sprintf("p%d", i), s))
	}
	pods, err := parsePods([]byte(`{"items": [` + strings.Join(all, ",") + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	return pods
}

func TestState(t *testing.T) {
	for _, c := range []struct {
		name               string
		statuses           []string
		ready, ended, over int
		trouble            string // all, joined
	}{
		{"nothing", nil, 0, 0, 0, ""},
		{"on the way", []string{pending, pulling, preparing}, 0, 0, 0, ""},
		{"ready", []string{waiting, waiting, preparing}, 2, 0, 0, ""},
		{"no room", []string{unschedulable, unschedulable}, 0, 0, 0, "pods cannot be scheduled: 0/3 nodes are available: 3 Insufficient cpu.|pods cannot be scheduled: 0/3 nodes are available: 3 Insufficient cpu."},
		{"over", []string{done, failed}, 2, 2, 2, ""},
		{"too late", []string{late}, 1, 1, 0, "pod p0 on node n1 has ended: exit code 4, late"},
		{"killed", []string{oom}, 1, 1, 0, "pod p0 on node n1 has ended: exit code 137, OOMKilled"},
		{"evicted", []string{evicted}, 1, 1, 0, "pod p0 on node n1 has ended: Evicted, The node was low on resource: memory."},
		{"interrupted by others", []string{interrupted}, 1, 1, 0, "pod p0 on node n1 has ended: DeadlineExceeded, Pod was active too long, exit code 143"},
		{"an image is pulled again", []string{pullFails}, 0, 0, 0, "a pod does not start: ErrImagePull: it is tried again"},
		{"a lost node", []string{lostNode, done}, 2, 1, 1, "pod p0 on node n1: Taint manager: deleting due to NoExecute taint"},
	} {
		k := New(Kubectl{}, Job{})
		s := k.state(list(t, c.statuses...))
		if got := strings.Join(s.Trouble, "|"); s.Ready != c.ready || s.Ended != c.ended || s.Over != c.over || got != c.trouble {
			t.Errorf("%s: %d ready, %d ended, %d over, %q; want %d, %d, %d, %q", c.name, s.Ready, s.Ended, s.Over, got, c.ready, c.ended, c.over, c.trouble)
		}
	}
}

// TestGonePods: a pod that is deleted by others has ended, once it was seen.
func TestGonePods(t *testing.T) {
	k := New(Kubectl{}, Job{})
	k.state(list(t, waiting, waiting, done))
	s := k.state(list(t, waiting))
	if s.Ready != 3 || s.Ended != 2 || s.Over != 1 || strings.Join(s.Trouble, "|") != "pod p1 on node n1 is gone" {
		t.Errorf("%+v", s)
	}
	if running := k.running(); len(running) != 1 || running[0] != "p0" {
		t.Errorf("running: %v", running)
	}
}

// TestCollect: logs are passed on in the order of the parts, in whatever order they come. Here the
// first pod's comes last.
func TestCollect(t *testing.T) {
	k := New(*script(t, `for pod; do :; done
case $pod in
p0) until [ -e "$0.p1" ] && [ -e "$0.p2" ]; do sleep 0.01; done ;;
p1) >"$0.p1"; exit 1 ;;
esac
echo "log of $pod"
>"$0.$pod"
`), Job{})
	k.state(list(t, done, done, failed, waiting))
	var got []string
	err := k.Collect(t.Context(), func(o launch.Output) { got = append(got, o.Name+": "+string(o.Result)) })
	if want := []string{"pod p0: log of p0\n", "pod p2: log of p2\n"}; !slices.Equal(got, want) || err == nil {
		t.Errorf("%q, %v", got, err)
	}
}

// TestInterruptedPods: that a pod fails because we interrupted it is no trouble.
func TestInterruptedPods(t *testing.T) {
	k := New(Kubectl{}, Job{})
	k.cut = true
	if s := k.state(list(t, interrupted)); s.Ended != 1 || len(s.Trouble) > 0 {
		t.Errorf("%+v", s)
	}
}

// TestHopelessPods: a wrong name is an error at once, a failed pull when it has failed for a while.
func TestHopelessPods(t *testing.T) {
	now := time.Unix(0, 0)
	k := New(Kubectl{}, Job{})
	k.now = func() time.Time { return now }
	for _, step := range []struct {
		after  time.Duration
		status string
		want   string
	}{
		{0, pulling, ""},
		{0, pullFails, ""},
		{10 * time.Second, backsOff, ""},
		{0, pulling, ""}, // it has passed
		{10 * time.Second, pullFails, ""},
		{imagePatience + time.Second, backsOff, "pod p0: ImagePullBackOff: no such host"},
		{0, pulling, ""},
		{0, invalidImage, "pod p0: InvalidImageName: couldn't parse it"},
	} {
		now = now.Add(step.after)
		err := k.startable(list(t, step.status))
		if got := fmt.Sprint(err); err != nil && got != step.want || err == nil && step.want != "" || err != nil && !launch.Refused(err) {
			t.Errorf("%s: %v, want %q", step.status, err, step.want)
		}
	}
}

func TestNoPods(t *testing.T) {
	if _, err := parsePods([]byte("Unable to connect")); err == nil || err.Error() != "kubectl get: invalid character 'U' looking for beginning of value" {
		t.Error(err)
	}
}
