// Package comparison says which testees differ in a measure, by rounds in which each of them was
// measured once. It touches no clock, file or socket: Rank is a pure function of numbers.
//
// The speed of a machine drifts: within an hour by half. So a round is a block. Testees are
// compared by their ratio within a round, and what the rounds have in common is no difference.
// A claim needs an exact test over the rounds, corrected for the number of pairs. Rank also says
// the smallest difference that the rounds at hand can find, because "no difference" means little
// without it.
package comparison
