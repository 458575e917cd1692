package engine

import (
	"testing"

	"wsperf/engine/host"
)

func TestMaxOpen(t *testing.T) {
	const ports = 28232
	for _, c := range []struct {
		name                        string
		descriptors, ports, sources int
		memory                      int64
		want                        int
	}{
		{"descriptors", 20_000, ports, 0, 24 << 30, 20_000},
		{"ports of the kernel's choice of source", 1 << 30, ports, 0, 24 << 30, ports + deferredStarts},
		{"ports of each source", 1 << 30, ports, 3, 24 << 30, 3*ports + deferredStarts},
		{"memory", 1 << 30, ports, 1 << 16, 1 << 30, 1 << 16},
		{"memory is not known", 1 << 30, ports, 2, host.Unknown, 2*ports + deferredStarts},
		{"no ports", 1 << 30, 0, 1, 24 << 30, deferredStarts},
	} {
		if got := maxOpen(c.descriptors, c.ports, c.sources, c.memory); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
