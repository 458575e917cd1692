package compare

import (
	"fmt"
	"testing"
)

func TestOrdersAreBalanced(t *testing.T) {
	const testees, rounds = 5, 12
	all := orders(testees, rounds, 7)
	before := [testees][testees]int{}
	for _, order := range all {
		place := map[int]int{}
		for at, testee := range order {
			place[testee] = at
		}
		if len(place) != testees {
			t.Fatalf("order %v does not have every testee once", order)
		}
		for a := range testees {
			for b := range testees {
				if place[a] < place[b] {
					before[a][b]++
				}
			}
		}
	}
	for a := range testees {
		for b := range a {
			if before[a][b] != rounds/2 || before[b][a] != rounds/2 {
				t.Errorf("%d came %d times before %d, and %d times after it", a, before[a][b], b, before[b][a])
			}
		}
	}
}

func TestOrdersAreByChance(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(50) {
		seen[fmt.Sprint(orders(4, 1, seed)[0])] = true
	}
	if len(seen) < 15 { // of 24
		t.Errorf("50 seeds gave %d orders", len(seen))
	}
	// What was begun is gone on with: more rounds do not change those before.
	if fmt.Sprint(orders(4, 10, 3)[:7]) != fmt.Sprint(orders(4, 7, 3)) {
		t.Error("the number of rounds changes the first orders")
	}
}
