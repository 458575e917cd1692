package report

import (
	"testing"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

func TestTesteeHardware(t *testing.T) {
	type absent = map[string]string
	allFor := func(reason string) absent {
		return absent{"cycles": reason, "instructions": reason, "cache_misses": reason, "branch_misses": reason}
	}
	some := map[string]uint64{"cycles": 1000, "instructions": 2100}
	for name, c := range map[string]struct {
		client absent
		stats.Counters
		want string
	}{
		"older file":                  {allFor("ENOENT"), stats.Counters{}, ""},
		"as the client":               {allFor("ENOENT"), stats.Counters{Absent: allFor("ENOENT")}, ""},
		"refused":                     {nil, stats.Counters{Absent: allFor("EACCES")}, "not counted: wsperf may not look into the testee (run as its user or as root)"},
		"one as the client":           {absent{"cycles": "ENOENT"}, stats.Counters{Absent: absent{"cycles": "ENOENT", "instructions": "EMFILE", "cache_misses": "EMFILE", "branch_misses": "EMFILE"}}, "not counted: the descriptor limit leaves too few (raise it: ulimit -n)"},
		"not as the client":           {allFor("ENOENT"), stats.Counters{Absent: allFor("ESRCH")}, "not counted: all its threads had ended"},
		"several reasons":             {nil, stats.Counters{Absent: absent{"cycles": "too many threads", "instructions": "\x1b[2J", "cache_misses": "EPERM", "branch_misses": "EACCES"}}, `not counted: too many threads; \x1b[2J; wsperf may not look into the testee (run as its user or as root)`},
		"counted":                     {absent{"cache_misses": "ENOENT"}, stats.Counters{Counts: some, Absent: absent{"cache_misses": "ENOENT", "branch_misses": "not counted"}}, "10 cycles, 21 instructions per connection started, of its threads; not counted: branch misses"},
		"counted in user space":       {allFor("ENOENT"), stats.Counters{Counts: some, Absent: absent{"cache_misses": "ENOENT", "branch_misses": "ENOENT"}, UserOnly: true}, "10 cycles, 21 instructions per connection started, of its threads in user space"},
		"an event of a later version": {allFor("ENOENT"), stats.Counters{Counts: map[string]uint64{"\x1b": 7}, Absent: allFor("ENOENT")}, ""},
	} {
		r := example.Plain()
		r.Counters.Absent, r.TesteeCost = c.client, stats.TesteeCost{Processes: 1, Counters: c.Counters}
		var got string
		for _, d := range testeeHardware(r) {
			got += d.Text
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
