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
// pages, took a third of the start.
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
		"github.com/gobwas/httphead",
		"github.com/gobwas/ws",
		"github.com/kavu/go_reuseport",
		"github.com/spf13/cobra",
		"github.com/spf13/pflag",
		"github.com/tidwall/evio",
		"go.yaml.in/yaml/v3",
		"golang.org/x/perf",
		"golang.org/x/sys",
		"golang.org/x/term",
		"wsperf",
	}
	if got := slices.Compact(modules); !slices.Equal(got, want) {
		t.Errorf("linked modules %q, want %q", got, want)
	}
}
