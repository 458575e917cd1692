package main

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestShow runs the tests of testdata: beside the lines about skipped tests there is
// what go test prints.
func TestShow(t *testing.T) {
	for _, c := range []struct {
		folder, want string
		code         int
	}{
		{"skips", `ok  	example/skips	0s
SKIPPED: skips TestSkips/part: strace is not installed (apt-get install strace)
SKIPPED: skips TestSkips/silent: no reason is given
SKIPPED: 1 with -short
`, 0},
		{"none", "?   	example/none	[no test files]\n", 0},
		{"fails", `--- FAIL: TestFails (0s)
printed by a failed test
--- FAIL: TestFails/fails (0s)
    fails_test.go:13: first line
        second line
FAIL
FAIL	example/fails	0s
FAIL
SKIPPED: fails TestSkips: skipped in a package that fails
`, 1},
		{"panics", `--- FAIL: TestPanics (0s)
    panics_test.go:8: log of a test that panics
panic: out of order [recovered, repanicked]

goroutine STACK
FAIL	example/panics	0s
FAIL
`, 1},
		{"exits", "printed before the exit\nFAIL	example/exits	0s\nFAIL\n", 1},
		{"broken", `# example/broken [example/broken.test]
broken/broken_test.go:5:33: undefined: undefined
FAIL	example/broken [build failed]
FAIL
`, 1},
	} {
		t.Run(c.folder, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("go", "test", "-json", "-vet=off", "-short", "-count=1", "./"+c.folder)
			cmd.Dir = "testdata"
			var out strings.Builder
			code, err := show(cmd, &out)
			if got := withoutTimes(out.String()); code != c.code || err != nil || got != c.want {
				t.Errorf("exit code %d, %v, printed:\n%s\nwant exit code %d:\n%s", code, err, got, c.code, c.want)
			}
		})
	}
}

// withoutTimes replaces what differs from run to run.
func withoutTimes(text string) string {
	text = regexp.MustCompile(`\d+\.\d+s`).ReplaceAllString(text, "0s")
	return regexp.MustCompile(`(?s)goroutine \d+ \[running\].*?\nFAIL`).ReplaceAllString(text, "goroutine STACK\nFAIL")
}

func TestCommandThatIsNotThere(t *testing.T) {
	if code, err := show(exec.Command("/nonexistent/go", "test", "-json"), &strings.Builder{}); code != 1 || err == nil {
		t.Errorf("exit code %d, %v", code, err)
	}
}
