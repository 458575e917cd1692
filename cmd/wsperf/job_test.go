package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// TestRunEndsWithItsTestee lets a testee of the test stand for the built-in one, and die in the middle of a run.
func TestRunEndsWithItsTestee(t *testing.T) {
	s := newScripted(t, true)
	ended, die := context.WithCancel(t.Context())
	fake := &builtin{
		addr:  netip.MustParseAddrPort(strings.Trim(s.url, "ws:/")),
		ended: ended, hold: io.NopCloser(nil), fate: errors.New("signal: killed"),
	}
	o := defaultOptions()
	o.duration = time.Hour
	j, err := newJob(&o)
	if err != nil {
		t.Fatal(err)
	}
	var out, stderr bytes.Buffer
	u := newUI(nil, &out, &stderr)
	ctx, signals := watch(t.Context(), u)
	defer signals.stop()
	go func() {
		<-s.closed
		die()
	}()
	result, err := j.against(ctx, u, signals, fake)
	if err == nil || err.Error() != "the built-in testee failed: signal: killed" {
		t.Errorf("error %v", err)
	}
	if result == nil || !result.Interrupted || result.Total == 0 {
		t.Errorf("result %+v, want an interrupted one", result)
	}
}

func TestWithFate(t *testing.T) {
	died, full := errors.New("died"), errors.New("full")
	for _, c := range []struct{ err, fate, is, isNot error }{
		{nil, died, died, errInterrupted},
		{errEarly, died, died, errInterrupted},
		{errEarly, nil, errEarly, died},
		{full, died, full, errInterrupted},
	} {
		if got := withFate(c.err, c.fate); !errors.Is(got, c.is) || errors.Is(got, c.isNot) {
			t.Errorf("%v and %v: %v", c.err, c.fate, got)
		}
	}
	if got := withFate(nil, nil); got != nil {
		t.Errorf("nothing and nothing: %v", got)
	}
}
