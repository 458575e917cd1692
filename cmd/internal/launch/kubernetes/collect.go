package kubernetes

import (
	"cmp"
	"context"
	"fmt"
	"sync"

	"wsperf/cmd/internal/launch"
)

// collectors is how many logs are read at a time. Each is a process of kubectl with 50 MB.
const collectors = 8

// Collect reads the logs of pods that have ended, several at a time.
func (k *Carrier) Collect(ctx context.Context, take func(launch.Output)) error {
	var wait sync.WaitGroup
	var mu sync.Mutex
	var lost unread
	turn := make(chan struct{}, collectors)
	for _, p := range k.seen {
		if !p.ended() || p.gone {
			continue
		}
		turn <- struct{}{}
		wait.Go(func() {
			o, err := k.read(ctx, &p)
			<-turn
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				lost.add(err)
				return
			}
			take(o)
		})
	}
	wait.Wait()
	return lost.err()
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
