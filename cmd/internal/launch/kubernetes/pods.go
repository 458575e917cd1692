package kubernetes

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The types below are the fields of a pod that tell how a part is (Kubernetes API reference, v1 Pod).

type podList struct {
	Items []pod `json:"items"`
}

type pod struct {
	Metadata struct {
		Name      string            `json:"name"`
		Labels    map[string]string `json:"labels"`
		DeletedAt *time.Time        `json:"deletionTimestamp"`
	} `json:"metadata"`
	Spec struct {
		Node string `json:"nodeName"`
	} `json:"spec"`
	Status podStatus `json:"status"`

	gone bool // it was deleted before it ended
}

type podStatus struct {
	Phase      string `json:"phase"`
	Reason     string `json:"reason"`
	Message    string `json:"message"`
	Conditions []struct {
		Type    string `json:"type"`
		Status  string `json:"status"`
		Reason  string `json:"reason"`
		Message string `json:"message"`
	} `json:"conditions"`
	Containers []containerStatus `json:"containerStatuses"`
}

type containerStatus struct {
	Started bool           `json:"started"` // its startup probe has succeeded
	State   containerState `json:"state"`
}

type containerState struct {
	Waiting *struct {
		Reason  string `json:"reason"`
		Message string `json:"message"`
	} `json:"waiting"`
	Terminated *terminated `json:"terminated"`
}

type terminated struct {
	ExitCode int    `json:"exitCode"`
	Reason   string `json:"reason"`
	Message  string `json:"message"`
}

// parsePods reads a list as kubectl get prints it.
func parsePods(text []byte) ([]pod, error) {
	var list podList
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("kubectl get: %w", err)
	}
	return list.Items, nil
}

// part returns the number of the pod's part (indexed Jobs, Kubernetes 1.28), 0 if it is not known.
func (p *pod) part() int {
	number, _ := strconv.Atoi(p.Metadata.Labels["batch.kubernetes.io/job-completion-index"])
	return number
}

// ended reports whether the pod's container has ended and will not be started again.
func (p *pod) ended() bool {
	return p.gone || p.Status.Phase == "Succeeded" || p.Status.Phase == "Failed"
}

// container returns the status of the pod's only container, the zero value if it has none yet.
func (p *pod) container() (c containerStatus) {
	if len(p.Status.Containers) > 0 {
		c = p.Status.Containers[0]
	}
	return c
}

// end returns how the pod's container ended; nil: it has not, or that is not known.
func (p *pod) end() *terminated { return p.container().State.Terminated }

// ready reports whether the part is prepared, or was.
func (p *pod) ready() bool { return p.container().Started || p.ended() }

// exits of a part that came to the end of its run: it is done, or every handshake failed. The others are those
// of a part that was killed, interrupted or too late.
var exitsAtEnd = []int{0, 1}

// over reports whether the part came to the end of its run.
func (p *pod) over() bool {
	t := p.end()
	return p.ended() && t != nil && slices.Contains(exitsAtEnd, t.ExitCode)
}

// why says how the pod ended, in Kubernetes' words.
func (p *pod) why() string {
	words := []string{p.Status.Reason, p.Status.Message}
	if t := p.end(); t != nil {
		words = append(words, fmt.Sprintf("exit code %d", t.ExitCode))
		if t.Reason != "Error" && t.Reason != "Completed" { // these say what the code says
			words = append(words, t.Reason)
		}
		words = append(words, lastLine(t.Message))
	}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), ", ")
}

// lastLine is that of what a part printed to standard error.
func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return strings.TrimPrefix(text[strings.LastIndexByte(text, '\n')+1:], "wsperf: ")
}

// imagePatience is how long an image may fail to be pulled: the kubelet tries again after 10 s, 20 s and so on, and most
// often the name is wrong.
const imagePatience = 15 * time.Second

// waits is why the kubelet does not start a container.
type waits struct {
	reason string
	passes bool // it can be over by itself within imagePatience
}

var reasons = []waits{
	{"InvalidImageName", false}, {"ErrImageNeverPull", false}, {"CreateContainerConfigError", false},
	{"ErrImagePull", true}, {"ImagePullBackOff", true}, {"RegistryUnavailable", true},
	{"CreateContainerError", true}, {"RunContainerError", true}, {"SignatureValidationFailed", false},
}

// waits returns why the pod does not start, the zero value if it may.
func (p *pod) waits() (w waits) {
	c := p.container().State.Waiting
	if c == nil {
		return w
	}
	i := slices.IndexFunc(reasons, func(w waits) bool { return w.reason == c.Reason })
	if i < 0 {
		return w
	}
	return reasons[i]
}

// hopelessness is the error for a pod that does not start.
func (p *pod) hopelessness() error {
	w := p.container().State.Waiting
	return fmt.Errorf("pod %s: %s: %s", p.Metadata.Name, w.Reason, w.Message)
}

// trouble says what is wrong with the pod, in a line or none. That it cannot be scheduled is most often the same for
// all pods, so that is said without a name.
func (p *pod) trouble() string {
	for _, c := range p.Status.Conditions {
		switch {
		case c.Type == "PodScheduled" && c.Status == "False":
			return fmt.Sprintf("pods cannot be scheduled: %s", c.Message)
		case c.Type == "DisruptionTarget" && c.Status == "True":
			return fmt.Sprintf("pod %s on node %s: %s", p.Metadata.Name, p.Spec.Node, c.Message)
		}
	}
	switch w := p.waits(); {
	case p.gone:
		return fmt.Sprintf("pod %s on node %s is gone", p.Metadata.Name, p.Spec.Node)
	case w.passes:
		return fmt.Sprintf("a pod does not start: %s: it is tried again", w.reason)
	case p.ended() && !p.over():
		return fmt.Sprintf("pod %s on node %s has ended: %s", p.Metadata.Name, p.Spec.Node, p.why())
	case !p.ended() && p.Metadata.DeletedAt != nil:
		return fmt.Sprintf("pod %s on node %s is being deleted", p.Metadata.Name, p.Spec.Node)
	}
	return ""
}
