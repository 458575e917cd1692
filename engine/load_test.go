package engine

import "testing"

func TestSharesAddUp(t *testing.T) {
	for total := range 40 {
		for n := 1; n <= 9; n++ {
			sum, least, most := 0, total, 0
			for i := range n {
				part := share(total, n, i)
				sum += part
				least, most = min(least, part), max(most, part)
			}
			if sum != total || most-least > 1 {
				t.Fatalf("%d in %d parts: sum %d, parts of %d to %d", total, n, sum, least, most)
			}
		}
	}
}
