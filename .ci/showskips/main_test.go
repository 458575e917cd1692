package main

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// shown is what is printed for the packages of testdata, without times.
var shown = []struct {
	name, folder, want string
	verbose            bool
	code               int
}{
	{"skips", "skips", `ok  	example/skips	0s
SKIPPED: skips TestSkips/part: strace is not installed (apt-get install strace)
SKIPPED: skips TestSkips/silent: no reason is given
SKIPPED: 1 with -short
`, false, 0},
	{"none", "none", "?   	example/none	[no test files]\n", false, 0},
	{"fails", "fails", `--- FAIL: TestFails (0s)
printed by a failed test
--- FAIL: TestFails/fails (0s)
    fails_test.go:13: first line
        second line
FAIL
FAIL	example/fails	0s
FAIL
SKIPPED: fails TestSkips: skipped in a package that fails
`, false, 1},
	{"panics", "panics", `--- FAIL: TestPanics (0s)
    panics_test.go:8: log of a test that panics
panic: out of order [recovered, repanicked]

goroutine STACK
FAIL	example/panics	0s
FAIL
`, false, 1},
	{"exits", "exits", "printed before the exit\nFAIL	example/exits	0s\nFAIL\n", false, 1},
	{"broken", "broken", `# example/broken [example/broken.test]
broken/broken_test.go:5:33: undefined: undefined
FAIL	example/broken [build failed]
FAIL
`, false, 1},
	{"verbose", "skips", `=== RUN   TestPasses
    skips_test.go:5: log of a passed test
--- PASS: TestPasses (0s)
=== RUN   TestSkips
    skips_test.go:8: log of a skipped test
=== RUN   TestSkips/part
    skips_test.go:9: strace is not installed (apt-get install strace)
--- SKIP: TestSkips/part (0s)
=== RUN   TestSkips/silent
--- SKIP: TestSkips/silent (0s)
--- PASS: TestSkips (0s)
=== RUN   TestSkipsWithShort
    skips_test.go:15: -short: takes a minute
--- SKIP: TestSkipsWithShort (0s)
PASS
ok  	example/skips	0s
SKIPPED: skips TestSkips/part: strace is not installed (apt-get install strace)
SKIPPED: skips TestSkips/silent: no reason is given
SKIPPED: 1 with -short
`, true, 0},
}

// TestShow: what is printed is the output of go test, and the lines about skipped tests.
func TestShow(t *testing.T) {
	for _, c := range shown {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("go", "test", "-json", "-vet=off", "-short", "-count=1", "./"+c.folder)
			cmd.Dir = "testdata"
			var out strings.Builder
			code, err := show(cmd, &out, c.verbose)
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
	if code, err := show(exec.Command("/nonexistent/go", "test", "-json"), &strings.Builder{}, false); code != 1 || err == nil {
		t.Errorf("exit code %d, %v", code, err)
	}
}
