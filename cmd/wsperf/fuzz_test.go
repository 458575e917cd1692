package main

import (
	"strings"
	"testing"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/uitest"
	"wsperf/engine"
)

// FuzzPositional splits the arguments of the short call at spaces, and checks the
// options of an accepted call.
func FuzzPositional(f *testing.F) {
	for _, s := range []string{
		"ws://127.0.0.1:9000 4 200000 1000 2000", "ws://h 0 1 1 1 results.json", "ws://h 1 1 2 1", "ws://h 1025 1 1 1", "ws://h 1 0 1 1", "ws://h -1 1 1 1", "ws://h 1 1 1 1 --json",
		"ws://h", "ws://h 1 2 3", "ws://h 1 1 1 1 a b", "ws://h 1 1 1 1 ", "ws://h 1e3 1 1 1", "ws://h 1 9223372036854775808 1 1", "ws://h 1 1 1 NaN", "ws://h 0x1 1 1 1", "run", "\x1b[31m: 1 1 1 1",
		"http://h 1 1 1 1", "ws://h\r\n 1 1 1 1", "ws://h 1 1 1 99999999999",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		args := strings.Split(s, " ")
		looksPositional(args)
		o, err := positionalOptions(args)
		if err != nil {
			uitest.OneLine(t, err)
			return
		}
		if o.Loops < 0 || o.Loops > engine.MaxLoops || o.Connections < 1 || o.Low < 1 || o.Low > o.High || o.JSON == (o.Out != "") || o.URL != args[0] {
			t.Fatalf("%q: options %+v", s, o)
		}
		if _, err := job.New(o); err != nil {
			uitest.OneLine(t, err)
		}
	})
}
