package engine

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// allowed lists what the code of a folder may import besides the standard library: a
// package by its path, or all packages below a path that ends in "/". The first row
// whose folder matches counts.
var allowed = []struct {
	folder  string
	imports []string
}{
	{"handshake", []string{"github.com/gobwas/ws", "github.com/gobwas/httphead"}},
	{"stats/file", []string{"wsperf/stats", "github.com/HdrHistogram/hdrhistogram-go"}},
	{"stats/report", []string{"wsperf/stats", "wsperf/stats/file", "wsperf/stats/require", "github.com/HdrHistogram/hdrhistogram-go"}},
	{"stats/require", []string{"wsperf/stats"}},
	{"stats/comparison", []string{"wsperf/stats", "wsperf/stats/require", "github.com/aclements/go-moremath/stats", "golang.org/x/perf/benchmath"}},
	{"stats/page", []string{"wsperf/stats", "wsperf/stats/comparison", "wsperf/stats/report", "github.com/HdrHistogram/hdrhistogram-go", "github.com/aclements/go-moremath/scale",
		"github.com/go-analyze/charts/chartdraw", "github.com/go-analyze/charts/chartdraw/drawing", "github.com/tsenart/vegeta/v12/lib/plot"}},
	{"stats/verdict", []string{"wsperf/stats", "github.com/HdrHistogram/hdrhistogram-go"}},
	{"stats/internal/example", []string{"wsperf/stats", "golang.org/x/sys/unix"}},
	{"stats", []string{"github.com/HdrHistogram/hdrhistogram-go", "golang.org/x/sys/unix"}},
	{"engine/host", []string{"golang.org/x/sys/unix"}},
	{"engine/child", []string{"wsperf/engine/host", "golang.org/x/sys/unix"}},
	{"engine", []string{"wsperf/engine/host", "wsperf/handshake", "wsperf/stats", "github.com/gobwas/ws", "golang.org/x/sys/unix"}},
	{"bench/testee", []string{"github.com/gobwas/ws", "github.com/tidwall/evio", "golang.org/x/sys/unix"}},
	{"bench/link", []string{"wsperf/bench/link/", "wsperf/engine/child", "wsperf/engine/host", "golang.org/x/sys/unix"}},
	{"bench/hostile", []string{"wsperf/handshake", "wsperf/stats", "github.com/gobwas/ws", "golang.org/x/sys/unix"}},
	{"bench/program", nil},
	{"bench/testees/probe", []string{"github.com/gobwas/ws"}},
	{"bench/browser", nil},
	{"bench/quiet", []string{"wsperf/bench/link/netns", "wsperf/engine/child", "wsperf/engine/host", "golang.org/x/sys/unix"}},
	{"bench/proof", []string{"wsperf/engine/host", "wsperf/handshake", "wsperf/stats", "github.com/gobwas/ws", "github.com/HdrHistogram/hdrhistogram-go", "golang.org/x/sys/unix"}},
	{"bench/cluster/parts", []string{"wsperf/stats", "wsperf/stats/file"}},
	{"bench/cluster", []string{"golang.org/x/sys/unix"}},
	{"bench/bucket", []string{"golang.org/x/sys/unix"}},
	{"bench/soak", []string{"wsperf/engine/child", "wsperf/stats", "wsperf/stats/file"}},
	{"bench/cost", []string{"wsperf/bench/link/netns", "wsperf/engine/child", "wsperf/engine/host"}},
	{"bench/pgo", []string{"github.com/google/pprof/profile", "wsperf/engine", "wsperf/handshake", "wsperf/bench/testee"}},
	{"cmd/internal/uitest", []string{"wsperf/cmd/internal/ui"}},
	{"cmd/internal/ui", []string{"wsperf/engine", "golang.org/x/term", "golang.org/x/sys/unix"}},
	{"cmd/internal/resultfile", []string{"golang.org/x/sys/unix"}},
	{"cmd/internal/job", []string{"wsperf/engine", "wsperf/engine/host", "wsperf/handshake", "wsperf/stats", "wsperf/stats/report", "wsperf/stats/require", "github.com/gobwas/ws", "github.com/spf13/pflag",
		"golang.org/x/sys/unix"}},
	{"cmd/internal/builtin", []string{"wsperf/cmd/internal/ui", "wsperf/engine/child", "wsperf/bench/testee"}},
	{"cmd/internal/calibration", []string{"wsperf/cmd/internal/resultfile", "wsperf/stats", "golang.org/x/sys/unix"}},
	{"cmd/internal/calibrate", []string{"wsperf/cmd/internal/builtin", "wsperf/cmd/internal/calibration", "wsperf/cmd/internal/job", "wsperf/cmd/internal/measure",
		"wsperf/cmd/internal/ui", "wsperf/engine/host", "wsperf/stats", "github.com/spf13/pflag"}},
	{"cmd/internal/measure", []string{"wsperf/cmd/internal/builtin", "wsperf/cmd/internal/calibration", "wsperf/cmd/internal/job", "wsperf/cmd/internal/resultfile", "wsperf/cmd/internal/ui",
		"wsperf/engine", "wsperf/engine/host", "wsperf/stats", "wsperf/stats/file", "wsperf/stats/page", "wsperf/stats/report", "wsperf/stats/require", "wsperf/stats/verdict"}},
	{"cmd/internal/drive", []string{"wsperf/cmd/internal/job", "wsperf/cmd/internal/measure", "wsperf/cmd/internal/resultfile", "wsperf/cmd/internal/ui",
		"wsperf/engine", "wsperf/engine/child", "wsperf/engine/host", "wsperf/stats", "wsperf/stats/file", "wsperf/stats/page", "wsperf/stats/report", "github.com/spf13/pflag", "golang.org/x/sys/unix"}},
	{"cmd/internal/search", []string{"wsperf/cmd/internal/job", "wsperf/cmd/internal/measure", "wsperf/cmd/internal/resultfile", "wsperf/cmd/internal/ui",
		"wsperf/engine", "wsperf/stats", "wsperf/stats/file", "wsperf/stats/report", "wsperf/stats/require", "github.com/spf13/pflag"}},
	{"cmd/internal/launch/kubernetes", []string{"wsperf/cmd/internal/job", "wsperf/cmd/internal/launch", "go.yaml.in/yaml/v3", "golang.org/x/sys/unix"}},
	{"cmd/internal/launch/slurm", []string{"wsperf/cmd/internal/job", "wsperf/cmd/internal/launch", "golang.org/x/sys/unix"}},
	{"cmd/internal/launch", []string{"wsperf/cmd/internal/ui", "wsperf/stats", "wsperf/stats/file"}},
	{"cmd/internal/keep", []string{"golang.org/x/sys/unix"}},
	{"cmd/internal/compare", []string{"wsperf/cmd/internal/job", "wsperf/cmd/internal/keep", "wsperf/cmd/internal/measure", "wsperf/cmd/internal/resultfile", "wsperf/cmd/internal/ui",
		"wsperf/engine/child", "wsperf/engine/host", "wsperf/stats", "wsperf/stats/comparison", "wsperf/stats/file", "wsperf/stats/page", "wsperf/stats/require", "github.com/spf13/pflag", "go.yaml.in/yaml/v3"}},
	{"cmd/wsperf", []string{"wsperf/cmd/internal/", "wsperf/engine", "wsperf/engine/host", "wsperf/stats/comparison", "wsperf/stats/file", "wsperf/stats/page", "wsperf/stats/report", "wsperf/stats/require", "wsperf/bench/testee",
		"github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/sys/unix"}},
}

// TestImportDirections enforces the rule of doc.go. Tests may import what they need.
func TestImportDirections(t *testing.T) {
	files := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && path != ".." && isModule(path) {
			return fs.SkipDir
		}
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files++
		checkImports(t, path)
		return nil
	})
	if err != nil || files < 20 {
		t.Fatalf("%d files checked: %v", files, err)
	}
}

// isModule reports whether a folder is a module of its own, as testees in Go are. They
// import the libraries that they test.
func isModule(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, "go.mod"))
	return err == nil
}

func checkImports(t *testing.T, path string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	folder := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../")
	for _, spec := range file.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		first, _, _ := strings.Cut(name, "/")
		if standard := !strings.Contains(first, ".") && first != "wsperf"; !standard && !mayImport(folder, name) {
			t.Errorf("%s imports %s, which %s may not", path, name, folder)
		}
	}
}

func mayImport(folder, name string) bool {
	for _, row := range allowed {
		if folder != row.folder && !strings.HasPrefix(folder, row.folder+"/") {
			continue
		}
		for _, prefix := range row.imports {
			if name+"/" == prefix || name == prefix || strings.HasSuffix(prefix, "/") && strings.HasPrefix(name, prefix) {
				return true
			}
		}
		return false
	}
	return false
}
