package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"wsperf/cmd/internal/launch"
)

// Look asks for all pods of the Job at once.
func (k *Carrier) Look(ctx context.Context) (s launch.State, err error) {
	text, err := k.do(ctx, call{args: []string{"get", "pods", "-o", "json", "-l", k.Job.selector()}})
	if err != nil {
		return s, err
	}
	pods, err := parsePods(text)
	if err != nil {
		return s, err
	}
	if err := k.startable(pods); err != nil {
		return s, err
	}
	s = k.state(pods)
	if len(k.seen) < k.Job.Shards {
		s.Trouble = append(s.Trouble, k.refusedPods(ctx)...)
	}
	return s, nil
}

// startable returns an error if a pod will never start.
func (k *Carrier) startable(pods []pod) error {
	for i := range pods {
		p := &pods[i]
		name, w := p.Metadata.Name, p.waits()
		if w == (waits{}) {
			delete(k.waited, name)
			continue
		}
		if _, known := k.waited[name]; !known {
			k.waited[name] = k.now()
		}
		if !w.passes || k.now().Sub(k.waited[name]) > imagePatience {
			return launch.Refusal{Err: p.hopelessness()}
		}
	}
	return nil
}

// state counts the pods. One that was seen and is gone has ended.
func (k *Carrier) state(pods []pod) (s launch.State) {
	now := make(map[string]bool, len(pods))
	for _, p := range pods {
		k.seen[p.Metadata.Name], now[p.Metadata.Name] = p, true
	}
	for name, p := range k.seen {
		if !now[name] && !p.ended() {
			p.gone = true
			k.seen[name] = p
		}
		count(&s, &p)
		if t := p.trouble(); t != "" && !k.cut { // pods that were interrupted have failed, to Kubernetes
			s.Trouble = append(s.Trouble, t)
		}
	}
	slices.Sort(s.Trouble)
	return s
}

func count(s *launch.State, p *pod) {
	if p.ready() {
		s.Ready++
	}
	if p.ended() {
		s.Ended++
	}
	if p.over() {
		s.Over++
	}
}

// refusedPods says why the Job has fewer pods than parts: a quota, an admission policy. It is known from events only.
func (k *Carrier) refusedPods(ctx context.Context) []string {
	text, err := k.do(ctx, call{args: []string{"get", "events", "-o", "json", "--field-selector", "type=Warning,involvedObject.kind=Job,involvedObject.name=" + k.Job.Name}})
	if err != nil {
		return []string{fmt.Sprintf("job %s has no pods, and why is not known: %v", k.Job.Name, err)}
	}
	var events struct {
		Items []struct {
			Message string `json:"message"`
		} `json:"items"`
	}
	if err := json.Unmarshal(text, &events); err != nil || len(events.Items) == 0 {
		return nil
	}
	// The messages have the names of pods, so all differ: one is enough.
	return []string{fmt.Sprintf("job %s: %s", k.Job.Name, events.Items[0].Message)}
}
