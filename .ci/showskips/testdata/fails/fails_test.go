package fails

import (
	"fmt"
	"testing"
)

func TestPasses(t *testing.T) { t.Log("log of a passed test") }

func TestFails(t *testing.T) {
	fmt.Println("printed by a failed test")
	t.Run("passes", func(t *testing.T) { t.Log("log of a passed part") })
	t.Run("fails", func(t *testing.T) { t.Error("first line\nsecond line") })
}

func TestSkips(t *testing.T) { t.Skip("skipped in a package that fails") }
