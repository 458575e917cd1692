package compare

import (
	"math/rand/v2"
	"slices"
)

// orders returns in which order the testees have their turns in each round. The order of every
// other round is by chance, and the round after it has the reverse: so a testee comes as often
// before each other one as after it, and as often early as late. In an odd number of rounds, the
// last order has no reverse.
func orders(testees, rounds int, seed uint64) (all [][]int) {
	random := rand.New(rand.NewPCG(seed, 0))
	for range rounds {
		if len(all)%2 == 0 {
			all = append(all, random.Perm(testees))
			continue
		}
		reverse := slices.Clone(all[len(all)-1])
		slices.Reverse(reverse)
		all = append(all, reverse)
	}
	return all
}
