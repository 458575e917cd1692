package panics

import "testing"

func TestPasses(t *testing.T) { t.Log("log of a passed test") }

func TestPanics(t *testing.T) {
	t.Log("log of a test that panics")
	panic("out of order")
}
