package kubernetes

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"wsperf/cmd/internal/launch"
)

// collectors is how many logs are read at a time. Each is a process of kubectl with 50 MB.
const collectors = 8

// Collect reads the logs of pods that have ended, several at a time, and passes them on in the order
// of the parts.
func (k *Carrier) Collect(ctx context.Context, take func(launch.Output)) error {
	var wait sync.WaitGroup
	var lost unread
	reading := make(chan struct{}, collectors)
	passed := make(chan struct{}) // closed when the parts before have been passed on
	close(passed)
	for _, p := range k.readable() {
		reading <- struct{}{}
		before, own := passed, make(chan struct{})
		passed = own
		wait.Go(func() {
			o, err := k.read(ctx, &p)
			<-before
			if err != nil {
				lost.add(err)
			} else {
				take(o)
			}
			close(own)
			<-reading
		})
	}
	wait.Wait()
	return lost.err()
}

// readable returns the pods that have ended and are there, in the order of the parts.
func (k *Carrier) readable() []pod {
	all := slices.DeleteFunc(slices.Collect(maps.Values(k.seen)), func(p pod) bool { return !p.ended() || p.gone })
	slices.SortFunc(all, func(p, q pod) int { return cmp.Compare(p.part(), q.part()) })
	return all
}

// unread is why logs could not be read: most often all for one reason.
type unread struct {
	first error
	n     int
}

func (u *unread) add(err error) {
	if u.n++; u.first == nil {
		u.first = err
	}
}

func (u *unread) err() error {
	if u.n <= 1 {
		return u.first
	}
	return fmt.Errorf("%w (and %d more logs)", u.first, u.n-1)
}

// read returns what the pod printed. Its standard error is the message of its end.
func (k *Carrier) read(ctx context.Context, p *pod) (launch.Output, error) {
	o := launch.Output{Name: "pod " + p.Metadata.Name, Words: p.why()}
	if t := p.end(); t != nil {
		o.Words = cmp.Or(t.Message, o.Words)
	}
	var err error
	o.Result, err = k.do(ctx, call{args: []string{"logs", p.Metadata.Name}})
	return o, err
}
