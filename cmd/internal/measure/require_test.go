package measure

import (
	"fmt"
	"testing"

	"wsperf/cmd/internal/ui"
	"wsperf/stats"
	"wsperf/stats/require"
)

func TestRequire(t *testing.T) {
	recorded := stats.Finding{Expression: "fail == 3"} // not met
	for _, c := range []struct {
		name  string
		texts []string
		exit  int
		lines string
		first string // the first finding of the result
	}{
		{"none", nil, 0, "", "fail == 3"},
		{"met", []string{"fail <= 2", "success >= 1"}, 0, "", "fail <= 2"},
		{"unmet", []string{"fail<1", "success >= 1", "open.q99 < 5ms"}, 3,
			"[requirement not met: fail < 1: found 2 requirement not met: open.q99 < 5ms: found no value]", "fail < 1"},
	} {
		var all []require.Requirement
		for _, text := range c.texts {
			q, err := require.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, q)
		}
		r, err := stats.Merge()
		if err != nil {
			t.Fatal(err)
		}
		r.Success, r.Fail, r.Findings = 1, 2, []stats.Finding{recorded}
		got := Require(all, r)
		if code := ui.ExitCode(got); code != c.exit {
			t.Errorf("%s: exit code %d, want %d", c.name, code, c.exit)
		}
		if lines := ui.Lines(got); c.lines != "" && fmt.Sprint(lines) != c.lines || c.lines == "" && lines != nil {
			t.Errorf("%s: %q, want %s", c.name, lines, c.lines)
		}
		if r.Findings[0].Expression != c.first {
			t.Errorf("%s: findings %+v", c.name, r.Findings)
		}
	}
}
