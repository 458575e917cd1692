package kubernetes

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"wsperf/cmd/internal/job"
)

// The following types implement pflag.Value. The errors of Set are job.BadValues.

func bad(format string, args ...any) error { return job.BadValue{Err: fmt.Errorf(format, args...)} }

// PullPolicy is an imagePullPolicy.
type PullPolicy struct{ To *string }

func (p PullPolicy) String() string { return "" }

// Type returns the flag library's word for the type.
func (p PullPolicy) Type() string { return "policy" }

// Set checks that there is such a policy.
func (p PullPolicy) Set(text string) error {
	if !slices.Contains([]string{"Always", "IfNotPresent", "Never"}, text) {
		return bad("must be Always, IfNotPresent or Never")
	}
	*p.To = text
	return nil
}

// Quantity is an amount of memory as Kubernetes writes it. wsperf passes it on as text: only Kubernetes interprets it.
type Quantity struct{ To *string }

func (q Quantity) String() string {
	if q.To == nil {
		return ""
	}
	return *q.To
}

// Type returns the flag library's word for the type.
func (q Quantity) Type() string { return "quantity" }

var quantity = regexp.MustCompile(`^[1-9][0-9]{0,14}(Ki|Mi|Gi|Ti|k|M|G|T)?$`)

// Set checks the form.
func (q Quantity) Set(text string) error {
	if !quantity.MatchString(text) {
		return bad("must be a size such as 512Mi or 2Gi")
	}
	*q.To = text
	return nil
}

// A key or value of a label has these characters, and a key may have a domain before it (RFC 1123).
var (
	labelKey   = regexp.MustCompile(`^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`)
	labelValue = regexp.MustCompile(`^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$`)
)

// NodeSelector is labels of nodes.
type NodeSelector struct{ To *map[string]string }

func (n NodeSelector) String() string { return "" }

// Type returns the flag library's word for the type.
func (n NodeSelector) Type() string { return "stringArray" }

// Set adds a label.
func (n NodeSelector) Set(text string) error {
	key, value, found := strings.Cut(text, "=")
	if !found || !labelKey.MatchString(key) || !labelValue.MatchString(value) {
		return bad("must be a label of nodes, such as pool=load")
	}
	if *n.To == nil {
		*n.To = make(map[string]string)
	}
	(*n.To)[key] = value
	return nil
}

// Tolerations is taints of nodes that are tolerated.
type Tolerations struct{ To *[]Toleration }

func (t Tolerations) String() string { return "" }

// Type returns the flag library's word for the type.
func (t Tolerations) Type() string { return "stringArray" }

// Set adds a taint.
func (t Tolerations) Set(text string) error {
	taint, effect, _ := strings.Cut(text, ":")
	key, value, _ := strings.Cut(taint, "=")
	if !labelKey.MatchString(key) || !labelValue.MatchString(value) || !slices.Contains([]string{"", "NoSchedule", "PreferNoSchedule", "NoExecute"}, effect) {
		return job.BadValue{Err: errors.New("must be a taint such as dedicated=load:NoSchedule, with or without value and effect")}
	}
	*t.To = append(*t.To, Toleration{key, value, effect})
	return nil
}
