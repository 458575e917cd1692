package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"wsperf/cmd/internal/launch"
)

const (
	// patchAttempts is how often a patch is tried: parts that are ready keep their machines waiting.
	patchAttempts = 3
	// patchers is how many processes of kubectl patch at a time, and patchShare how many pods are worth one. kubectl makes a
	// request after the other, of 10 ms each on a busy machine, and 50 a second after the first 300.
	patchers   = 8
	patchShare = 25
)

// patch changes all pods that have not ended.
func (k *Carrier) patch(ctx context.Context, change any) error {
	body, err := json.Marshal(change)
	if err != nil {
		return err
	}
	pods := k.running()
	share := max(patchShare, (len(pods)+patchers-1)/patchers)
	var wait sync.WaitGroup
	errs := make([]error, patchers)
	i := 0
	for some := range slices.Chunk(pods, share) {
		to := &errs[i]
		wait.Go(func() { *to = k.patchAll(ctx, string(body), some) })
		i++
	}
	wait.Wait()
	return first(errs)
}

// first returns the first of errors: most often all are the same.
func first(errs []error) error {
	i := slices.IndexFunc(errs, func(err error) bool { return err != nil })
	if i < 0 {
		return nil
	}
	return errs[i]
}

// running returns the names of the pods that have not ended.
func (k *Carrier) running() (names []string) {
	for name, p := range k.seen {
		if !p.ended() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// patchAll changes some pods, and tries again if the API server does not answer.
func (k *Carrier) patchAll(ctx context.Context, body string, pods []string) error {
	for attempt := 1; ; attempt++ {
		err := k.patchOnce(ctx, body, pods)
		if err == nil || attempt == patchAttempts || launch.Refused(err) || ctx.Err() != nil {
			return err
		}
	}
}

// patchOnce gives kubectl the pods' names on standard input: for those on the command line it would get each pod first.
func (k *Carrier) patchOnce(ctx context.Context, body string, pods []string) error {
	list := struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Items      []kind `json:"items"`
	}{"v1", "List", nil}
	for _, name := range pods {
		list.Items = append(list.Items, kind{"v1", "Pod", metadata{Name: name}})
	}
	input, err := json.Marshal(list)
	if err != nil {
		return err
	}
	out, err := k.do(ctx, call{[]string{"patch", "-f", "-", "--type=merge", "-p", body, "-o", "name"}, input})
	if err != nil {
		return err
	}
	if done := strings.Count(string(out), "\n"); done < len(pods) {
		return fmt.Errorf("kubectl patch: %d of %d pods were patched", done, len(pods))
	}
	return nil
}
