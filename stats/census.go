package stats

import (
	"math"
	"slices"
	"time"
)

// Census holds the input of the script that came with wsperf's ancestor: the
// measured window, the counts, and phase open of every connection, including the
// failed ones.
type Census struct {
	Files          int
	Started, Ended time.Time // from the earliest start to the latest end
	Success, Fail  uint64
	Open           Times
}

// Add merges o into c.
func (c *Census) Add(o *Census) {
	if c.Files == 0 || o.Started.Before(c.Started) {
		c.Started = o.Started
	}
	if c.Files == 0 || o.Ended.After(c.Ended) {
		c.Ended = o.Ended
	}
	c.Files += o.Files
	c.Success += o.Success
	c.Fail += o.Fail
	c.Open.addAll(&o.Open)
}

// Times holds the exact values of a phase in microseconds. A value takes 4 bytes
// if it fits in an int32. The ancestor's clocks count from boot, so the garbage that
// it writes for a phase that was not reached can need 8.
type Times struct {
	low, high []int64 // below and above the range of int32
	fit       []int32
}

// Add adds one value.
func (t *Times) Add(us int64) {
	switch {
	case us < math.MinInt32:
		t.low = append(t.low, us)
	case us > math.MaxInt32:
		t.high = append(t.high, us)
	default:
		t.fit = append(t.fit, int32(us))
	}
}

func (t *Times) addAll(o *Times) {
	t.low = append(t.low, o.low...)
	t.high = append(t.high, o.high...)
	t.fit = append(t.fit, o.fit...)
}

// Sort puts the values in ascending order.
func (t *Times) Sort() {
	slices.Sort(t.low)
	slices.Sort(t.fit)
	slices.Sort(t.high)
}

// Len returns the number of values.
func (t *Times) Len() int { return len(t.low) + len(t.fit) + len(t.high) }

// At returns the i-th value, counted from 0. The values must be sorted.
func (t *Times) At(i int) float64 {
	if i < len(t.low) {
		return float64(t.low[i])
	}
	i -= len(t.low)
	if i < len(t.fit) {
		return float64(t.fit[i])
	}
	return float64(t.high[i-len(t.fit)])
}

// Mean returns the arithmetic mean in microseconds. It needs at least one value.
func (t *Times) Mean() float64 {
	sum := 0.0
	for i := range t.Len() {
		sum += t.At(i)
	}
	return sum / float64(t.Len())
}

// Deviation returns the sample standard deviation in microseconds around the given
// mean. It needs at least two values.
func (t *Times) Deviation(mean float64) float64 {
	sum := 0.0
	for i := range t.Len() {
		sum += (t.At(i) - mean) * (t.At(i) - mean)
	}
	return math.Sqrt(sum / float64(t.Len()-1))
}
