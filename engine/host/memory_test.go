package host

import "testing"

func TestAvailableMemory(t *testing.T) {
	for text, want := range map[string]int64{
		"MemTotal:       24576000 kB\nMemAvailable:   2048 kB\n": 2 << 20,
		"MemTotal:       24576000 kB\n":                          Unknown,
		"MemAvailable:   many kB\n":                              Unknown,
	} {
		if got := availableIn(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
	if AvailableMemory() <= 0 {
		t.Error("this machine's memory cannot be read")
	}
}
