// Package kubernetes launches the parts of a run as the pods of an indexed Job. It is the user's kubectl that talks
// to the cluster.
package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"wsperf/cmd/internal/launch"
)

// Carrier carries parts as pods.
type Carrier struct {
	Kubectl
	Job Job

	made   bool                 // Submit may have made the Job
	cut    bool                 // the parts were interrupted
	seen   map[string]pod       // by name, as they were seen last
	waited map[string]time.Time // since when a pod's image cannot be pulled
	now    func() time.Time
}

// New returns a carrier of the Job.
func New(k Kubectl, j Job) *Carrier {
	return &Carrier{Kubectl: k, Job: j, seen: make(map[string]pod), waited: make(map[string]time.Time), now: time.Now}
}

// Name names the Job.
func (k *Carrier) Name() string {
	if k.Namespace == "" {
		return "job " + k.Job.Name
	}
	return fmt.Sprintf("job %s in namespace %s", k.Job.Name, k.Namespace)
}

// Submit creates the Job. An interrupt does not end the call in the middle, where nobody knew whether there is a Job.
func (k *Carrier) Submit(ctx context.Context) error {
	manifest, err := json.Marshal(k.Job.manifest())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*requestTimeout)
	defer cancel()
	_, err = k.do(ctx, call{[]string{"create", "-f", "-"}, manifest})
	k.made = !launch.Refused(err) && !unsent(err)
	return err
}

// Begin annotates the pods, which the kubelets pass on to files in them.
func (k *Carrier) Begin(ctx context.Context, at time.Time) error {
	moment := at.UTC().Format(time.RFC3339Nano)
	return k.patch(ctx, map[string]any{"metadata": map[string]any{"annotations": map[string]string{startAnnotation: moment}}})
}

// Interrupt lets a deadline of the pods pass. The kubelet then ends them as if they were deleted, with SIGTERM, and keeps
// their logs, which it does not if they are deleted.
func (k *Carrier) Interrupt(ctx context.Context) error {
	k.cut = true
	return k.patch(ctx, map[string]any{"spec": map[string]int{"activeDeadlineSeconds": 1}})
}

// Delete deletes the Job, and with it its pods.
func (k *Carrier) Delete(ctx context.Context) error {
	if !k.made {
		return nil
	}
	_, err := k.do(ctx, call{args: []string{"delete", "job", k.Job.Name, "--ignore-not-found", "--wait=false"}})
	return err
}
