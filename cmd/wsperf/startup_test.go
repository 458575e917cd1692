package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestLinkedModules lists the modules that wsperf is linked with. Every start of the program
// pays for what their packages initialise, used or not (GODEBUG=inittrace=1 shows it), so a
// new module is a decision: an earlier progress bar, and a Markdown renderer for the manual
// pages, took a third of the start. What comes with vegeta, for uPlot, takes 3 %.
func TestLinkedModules(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := strings.Fields(string(out))
	slices.Sort(modules)
	want := []string{
		"github.com/HdrHistogram/hdrhistogram-go",
		"github.com/aclements/go-moremath",
		"github.com/go-analyze/charts",
		"github.com/gobwas/httphead",
		"github.com/gobwas/ws",
		"github.com/golang/freetype",
		"github.com/influxdata/tdigest",
		"github.com/josharian/intern",
		"github.com/kavu/go_reuseport",
		"github.com/mailru/easyjson",
		"github.com/rs/dnscache",
		"github.com/spf13/cobra",
		"github.com/spf13/pflag",
		"github.com/tidwall/evio",
		"github.com/tsenart/go-tsz",
		"github.com/tsenart/vegeta/v12",
		"go.yaml.in/yaml/v3",
		"golang.org/x/image",
		"golang.org/x/net",
		"golang.org/x/perf",
		"golang.org/x/sync",
		"golang.org/x/sys",
		"golang.org/x/term",
		"golang.org/x/text",
		"wsperf",
	}
	if got := slices.Compact(modules); !slices.Equal(got, want) {
		t.Errorf("linked modules %q, want %q", got, want)
	}
}
