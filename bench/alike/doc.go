// Package alike tests wsperf compare with real testees: one testee under two names is no
// difference, and one that is slower by a known tenth is found. Its tests measure: nothing else
// should run beside them.
//
//	go test ./bench/alike -comparisons 20 -table FILE
package alike
