package engine

import (
	"slices"
	"testing"
)

// TestTrial drives a shortcut that works for the connections that are not in misses.
func TestTrial(t *testing.T) {
	for _, c := range []struct {
		name        string
		misses      func(connection int) bool
		connections int
		uses, tries int
	}{
		{"always works", func(int) bool { return false }, 1000, 1000, 1000},
		{"misses now and then", func(n int) bool { return n%3 == 0 }, 999, 666, 999},
		{"a burst", func(n int) bool { return n < 20 }, 1000, 1000 - maxMisses - trialRest, 1000 - trialRest},
		{"never works", func(int) bool { return true }, maxMisses + 10*(trialRest+1), 0, maxMisses + 10},
	} {
		var s trial
		tries := 0
		for n := range c.connections {
			if !s.due() {
				continue
			}
			tries++
			if c.misses(n) {
				s.missed()
			} else {
				s.worked()
			}
		}
		if s.uses != uint64(c.uses) || tries != c.tries {
			t.Errorf("%s: %d uses and %d tries of %d, want %d and %d", c.name, s.uses, tries, c.connections, c.uses, c.tries)
		}
	}
	var s trial
	if s.bar(); s.due() {
		t.Error("a shortcut that is barred is tried")
	}
}

// TestShortcutsAreTriedAgain after a burst of misses, such as a full listen backlog causes.
func TestShortcutsAreTriedAgain(t *testing.T) {
	l := loopByHand(t)
	early, keep := &l.testee.early, &l.testee.keep
	for range maxMisses {
		early.missed()
		keep.missed()
	}
	for range trialRest {
		connectOnly(t, l, 1)
	}
	if early.uses != 0 || keep.uses != 0 {
		t.Errorf("%d early writes and %d kept sockets while both rest", early.uses, keep.uses)
	}
	connectOnly(t, l, 1)
	connectOnly(t, l, 1)
	if got, want := []uint64{early.uses, keep.uses}, []uint64{2, 2}; !slices.Equal(got, want) {
		t.Errorf("%d early writes and kept sockets after the rest, want %d", got, want)
	}
}
