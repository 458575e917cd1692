package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/pflag"
)

// What a worker and its driver say to each other: the worker prints a line when
// all is prepared; the driver writes a byte to the worker's standard input when
// it is to begin, and holds that input open for as long as it lives.
const (
	flagAwaitStart = "await-start"
	prepared       = "prepared"
	begin          = '\n'
)

func (o *runOptions) bindDriven(f *pflag.FlagSet) {
	f.BoolVar(&o.awaitStart, flagAwaitStart, false, "be a worker of wsperf drive")
	_ = f.MarkHidden(flagAwaitStart) // fails for an unknown name only
}

// awaitStart does the worker's part. It comes after everything that takes
// time: name lookup, memory, descriptors.
func (j *job) awaitStart(ctx context.Context, u *ui, signals *interrupts) error {
	fmt.Fprintln(u.out, prepared)
	if err := u.out.Flush(); err != nil {
		return err
	}
	begun := make(chan struct{})
	go obey(u.in, begun, signals)
	select {
	case <-ctx.Done():
		return errEarly
	case <-begun:
		return nil
	}
}

// obey waits for the word, then for the end of the driver. It allocates
// nothing after the word: the heap of a measured window is reported.
func obey(in io.Reader, begun chan<- struct{}, signals *interrupts) {
	word := make([]byte, 1)
	if _, err := io.ReadFull(in, word); err == nil {
		close(begun)
	}
	for {
		if _, err := in.Read(word); err != nil {
			signals.orphaned()
			return
		}
	}
}

// orphaned ends the process at once, as a second signal does: nobody is left to use its result.
func (i *interrupts) orphaned() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.undo()
	i.u.exitAtOnce()
}
