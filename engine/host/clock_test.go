package host

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestReadClock(t *testing.T) {
	c := ReadClock()
	t.Logf("%+v", c)
	if c.MaxError < 0 || c.MaxError > time.Hour {
		t.Errorf("maximum error %v", c.MaxError)
	}
}

// TestSleepUntil: never early, whatever the clock that the moment was made with.
func TestSleepUntil(t *testing.T) {
	for _, after := range []time.Duration{-time.Hour, 0, time.Millisecond, 130 * time.Millisecond} {
		moment := time.Now().Add(after)
		for _, m := range []time.Time{moment, moment.Round(0)} {
			if err := SleepUntil(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			late := time.Since(moment)
			t.Logf("%v: late by %v", after, late)
			if late < 0 {
				t.Errorf("%v: early by %v", after, -late)
			}
		}
	}
}

// TestSleepUntilIsCancelled: of an hour nothing is slept, and of a cancelled one not even a short time.
func TestSleepUntilIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if err := SleepUntil(ctx, time.Now().Add(time.Hour)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := SleepUntil(ctx, time.Now()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
}
