package testee

import (
	"slices"
	"testing"
)

// drain returns the names of the peers that are overdue.
func drain(q *queue, now uint64, names map[*peer]string) (overdue []string) {
	for p := q.overdue(now); p != nil; p = q.overdue(now) {
		overdue = append(overdue, names[p])
	}
	return overdue
}

func TestQueue(t *testing.T) {
	for _, c := range []struct {
		name    string
		leaving string // of a b c, added at ticks 1 2 3 to a queue of 10
		now     uint64
		want    []string
	}{
		{"too early", "", 10, nil},
		{"first", "", 11, []string{"a"}},
		{"first two", "", 12, []string{"a", "b"}},
		{"all", "", 1000, []string{"a", "b", "c"}},
		{"first has left", "a", 1000, []string{"b", "c"}},
		{"middle has left", "b", 1000, []string{"a", "c"}},
		{"last has left", "c", 1000, []string{"a", "b"}},
		{"all have left", "abc", 1000, nil},
		{"all have left backwards", "cba", 1000, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := queue{wait: 10}
			peers, names := map[string]*peer{}, map[*peer]string{}
			for i, name := range []string{"a", "b", "c"} {
				p := &peer{}
				peers[name], names[p] = p, name
				q.add(p, uint64(i+1))
			}
			for _, name := range c.leaving {
				peers[string(name)].leave()
				peers[string(name)].leave() // a second time does nothing
			}
			if got := drain(&q, c.now, names); !slices.Equal(got, c.want) {
				t.Fatalf("overdue: %v, want %v", got, c.want)
			}
			again := &peer{}
			names[again] = "again"
			q.add(again, c.now)
			if got := drain(&q, c.now+10, names); len(got) == 0 || got[len(got)-1] != "again" {
				t.Errorf("overdue later: %v, want the one that was added last", got)
			}
		})
	}
}
