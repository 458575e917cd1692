package main

import (
	"errors"
	"fmt"
	"slices"

	"wsperf/stats"
	"wsperf/stats/file"
)

// quantity is a part of a sample that must not grow over the run.
type quantity struct {
	name    string
	of      func(sample) int
	slack   int // allowed growth, in the quantity's unit
	percent int // allowed growth in percent, if that is more than slack
}

// The allowances cover normal variation: a Go heap grows and shrinks with its
// collections, and the number of open connections changes.
var quantities = []quantity{
	{"memory in kB", func(s sample) int { return s.residentKB }, 1024, 5},
	{"descriptors", func(s sample) int { return s.descriptors }, 50, 10},
	{"threads", func(s sample) int { return s.threads }, 2, 0},
}

// flat reports every quantity that grew from the second quarter of a series to
// the last one. The first quarter is for warming up.
func flat(watched []series) error {
	var errs []error
	for _, w := range watched {
		for _, q := range quantities {
			if err := q.judge(w.samples); err != nil {
				errs = append(errs, fmt.Errorf("wsperf %s: %w", w.name, err))
			}
		}
	}
	return errors.Join(errs...)
}

// judge returns an error if the median of the last quarter is more than allowed
// above that of the second one.
func (q quantity) judge(samples []sample) error {
	quarter := len(samples) / 4
	if quarter == 0 {
		return fmt.Errorf("%s: %d samples are too few, need 4", q.name, len(samples))
	}
	before := median(samples[quarter:2*quarter], q.of)
	after := median(samples[len(samples)-quarter:], q.of)
	if allowed := max(q.slack, before*q.percent/100); after-before > allowed {
		return fmt.Errorf("%s grew from %d to %d, more than %d", q.name, before, after, allowed)
	}
	return nil
}

// median returns the upper one of the middle two if the number is even.
func median(samples []sample, of func(sample) int) int {
	values := make([]int, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// outcome reads the result file and returns its counts as a text. It is an error
// if the counts do not add up, if a connection failed, or if one did not end with
// the testee's FIN.
func outcome(path string) (counts string, err error) {
	r, errs := file.LoadAll([]string{path}, nil)
	if r == nil {
		return "no result", errors.Join(errs...)
	}
	perSecond, _ := r.LoadedHandshakesPerSecond() // 0 if the run was too short
	counts = fmt.Sprintf("%d connections, %.0f a second, %d failed", r.Total, perSecond, r.Fail)
	return counts, errors.Join(append(errs, r.Check(), complete(r))...)
}

func complete(r *stats.Result) error {
	switch {
	case r.Interrupted:
		return errors.New("the run was interrupted")
	case r.Success == 0:
		return errors.New("no connection succeeded")
	case r.Fail > 0:
		return fmt.Errorf("%d connections failed", r.Fail)
	case r.Fin.Received != r.Success:
		return fmt.Errorf("%d of %d connections did not end with the testee's FIN", r.Success-r.Fin.Received, r.Success)
	}
	return nil
}
