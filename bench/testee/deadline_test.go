package testee

import (
	"slices"
	"testing"
)

// takeOverdue removes all slots that are due and returns their names.
func takeOverdue(q *queue, now uint64, names map[*slot]string) (overdue []string) {
	for s := q.overdue(now); s != nil; s = q.overdue(now) {
		overdue = append(overdue, names[s])
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
			slots, names := map[string]*slot{}, map[*slot]string{}
			for i, name := range []string{"a", "b", "c"} {
				s := &slot{}
				slots[name], names[s] = s, name
				q.add(s, uint64(i+1))
			}
			for _, name := range c.leaving {
				slots[string(name)].leave()
				slots[string(name)].leave() // a second time does nothing
			}
			if got := takeOverdue(&q, c.now, names); !slices.Equal(got, c.want) {
				t.Fatalf("overdue: %v, want %v", got, c.want)
			}
			again := &slot{}
			names[again] = "again"
			q.add(again, c.now)
			if got := takeOverdue(&q, c.now+10, names); len(got) == 0 || got[len(got)-1] != "again" {
				t.Errorf("overdue later: %v, want the one that was added last", got)
			}
		})
	}
}
