package comparison

import "slices"

// holm adjusts the p-values of several tests, so that the chance that any of them finds a
// difference where there is none stays what it is for one (S. Holm, A Simple Sequentially
// Rejective Multiple Test Procedure, 1979). The result is in the order of ps.
func holm(ps []float64) []float64 {
	order := make([]int, len(ps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return compare(ps[a], ps[b]) })
	adjusted := make([]float64, len(ps))
	least := 0.0
	for k, i := range order {
		least = max(least, min(1, float64(len(ps)-k)*ps[i]))
		adjusted[i] = least
	}
	return adjusted
}
