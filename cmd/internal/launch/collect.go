package launch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"wsperf/stats"
	"wsperf/stats/file"
)

// errNoResult is the error of a run of which no part has a result.
var errNoResult = errors.New("no part has a result")

// collect merges the results that can be had. It warns of a part that has printed none or a bad
// one, with its last words.
func (l *Launch) collect() (*stats.Result, error) {
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
	defer cancel()
	all, some := stats.NewGather(l.Shards), false
	err := l.Carrier.Collect(ctx, func(o Output) {
		if refused := add(all, o); refused != nil {
			l.warnOf(o, refused)
			return
		}
		some = true
		l.passOn(o)
	})
	if !some {
		return nil, errors.Join(errNoResult, err)
	}
	r, lost := all.Result()
	return r, errors.Join(lost, err)
}

// add merges the result of a part.
func add(all *stats.Gather, o Output) error {
	line := lastLine(o.Result)
	if len(line) == 0 {
		return errors.New("it has no result")
	}
	r, err := file.Read(bytes.NewReader(line))
	if err != nil { // of a damaged one the rest is not used either: its counts need not agree
		return err
	}
	return all.Add(o.Name, r)
}

func lastLine(text []byte) []byte {
	text = bytes.TrimSpace(text)
	return text[bytes.LastIndexByte(text, '\n')+1:]
}

func (l *Launch) warnOf(o Output, err error) {
	l.tell(fmt.Sprintf("%s: %v", o.Name, err))
	for _, line := range lastWords(o) {
		l.tell(line)
	}
}

// passOn tells the warnings of a part that has a result. Most often all parts have the same.
func (l *Launch) passOn(o Output) {
	for line := range strings.Lines(o.Words) {
		if text, is := strings.CutPrefix(line, "wsperf: warning: "); is {
			l.tell("parts warn: " + strings.TrimSpace(text))
		}
	}
}

// maxLastWords bounds the lines that are printed of a part.
const maxLastWords = 5

// lastWords are the last lines that a part printed.
func lastWords(o Output) (words []string) {
	lines := strings.Split(strings.TrimSpace(o.Words), "\n")
	for _, line := range lines[max(0, len(lines)-maxLastWords):] {
		if line = strings.TrimPrefix(strings.TrimSpace(line), "wsperf: "); line != "" {
			words = append(words, fmt.Sprintf("%s: %s", o.Name, line))
		}
	}
	return words
}

// maxEarly bounds the parts whose words are printed when they ended before the run began: most
// often all say the same.
const maxEarly = 3

// endedEarly is the error for parts that ended before they were to begin, with their words, or the
// engine's if they have said nothing.
func (l *Launch) endedEarly(ctx context.Context, s State) error {
	errs := []error{fmt.Errorf("%d of %d parts ended before the run began", s.Ended, l.Shards)}
	parts := 0
	err := l.Carrier.Collect(ctx, func(o Output) {
		words := lastWords(o)
		if len(words) == 0 || parts == maxEarly {
			return
		}
		parts++
		for _, line := range words {
			errs = append(errs, errors.New(line))
		}
	})
	if parts == 0 {
		l.tellAll(s.Trouble)
	}
	return errors.Join(append(errs, err)...)
}
