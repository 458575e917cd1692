package skips

import "testing"

func TestPasses(t *testing.T) { t.Log("log of a passed test") }

func TestSkips(t *testing.T) {
	t.Log("log of a skipped test")
	t.Run("part", func(t *testing.T) { t.Skip("strace is not installed (apt-get install strace)") })
	t.Run("silent", func(t *testing.T) { t.SkipNow() })
}

func TestSkipsWithShort(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: takes a minute")
	}
}
