package file

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

// folder writes valid and invalid files of both formats. It returns their paths, and
// those of a missing file and a directory.
func folder(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	full := write(t, example.Full())
	ancestor := readAncestor(t, "edge/noclose.json")
	var paths []string
	for _, file := range []struct {
		name string
		data []byte
	}{
		{"full.json", full},
		{"cut.json", ancestor[:len(ancestor)/2]},
		{"noclose.json", ancestor},
		{"cutlog.json", full[:len(full)-100]},
		{"text.json", []byte("hello")},
		{"refused.json", readAncestor(t, "edge/refused.json")},
	} {
		path := filepath.Join(dir, file.name)
		if err := os.WriteFile(path, file.data, 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return append(paths, filepath.Join(dir, "missing.json"), dir)
}

func TestLoadAll(t *testing.T) {
	paths := folder(t)
	var announced []string
	r, errs := LoadAll(paths, func(path string) { announced = append(announced, path) })
	if !slices.Equal(announced, paths) {
		t.Errorf("announced %v, want %v", announced, paths)
	}
	checkErrors(t, errs, paths, []fileWant{
		{1, true, "damaged at byte 327: unexpected end; 2 records read, the rest is lost"},
		{3, true, "197 records read, the rest is lost, counts and histograms are intact"},
		{4, false, "not a result file: byte 0: 'h' where { is needed"},
		{6, false, "no such file or directory"},
		{7, false, "is a directory"},
	})
	if err := r.Check(); err != nil {
		t.Error(err)
	}
	// full.json and cutlog.json have 193 successes and 6 failures each, cut.json has 2
	// successes, noclose.json 6, and refused.json 20 failures.
	want := stats.UnmeasuredResult{Success: 8, Fail: 20}
	if r.Success != 2*193+8 || r.Fail != 2*6+20 || r.Unmeasured != want {
		t.Errorf("%d successes, %d failures, %+v unmeasured", r.Success, r.Fail, r.Unmeasured)
	}
	if lost, damaged := Faults(errs); lost != 3 || damaged != 2 {
		t.Errorf("%d lost and %d damaged, want 3 and 2", lost, damaged)
	}
}

type fileWant struct {
	path int
	kept bool
	err  string
}

func checkErrors(t *testing.T, errs []error, paths []string, want []fileWant) {
	t.Helper()
	if len(errs) != len(want) {
		t.Fatalf("errors %v, want %d", errs, len(want))
	}
	for i, w := range want {
		var file *FileError
		if !errors.As(errs[i], &file) || file.Path != paths[w.path] || file.Kept != w.kept {
			t.Errorf("error %+v, want %+v", errs[i], w)
		}
		text := errs[i].Error()
		if !strings.HasPrefix(text, "result file "+paths[w.path]+": ") || !strings.HasSuffix(text, w.err) || strings.Contains(text, "\n") {
			t.Errorf("error %q, want %q", text, w.err)
		}
	}
}

func TestLoadAllIsTheMergeOfItsFiles(t *testing.T) {
	r, errs := LoadAll(fourOf("wspp-4x500"), nil)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	// The ancestor's script printed 283.8 ms and 7047/s.
	if got := r.Duration().Milliseconds(); r.Success != 2000 || got != 283 || math.Round(r.HandshakesPerSecond()) != 7047 {
		t.Errorf("%d successes in %d ms, %v/s", r.Success, got, r.HandshakesPerSecond())
	}
}

// TestLoadedWindowOfWorkers merges the files of a driver's workers in every order. One worker
// stops starting while the others go on, and one made nothing but failures.
func TestLoadedWindowOfWorkers(t *testing.T) {
	const s = int64(1e9)
	dir := t.TempDir()
	worker := func(name string, r *stats.Result, first, last int64, success uint64) string {
		base := r.Started.UnixNano()
		r.Loaded = stats.LoadedResult{FirstNs: base + first, LastNs: base + last, Success: success}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, write(t, r), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	a := worker("a", example.Plain(), 2*s, 3*s, 10)
	b := worker("b", example.Plain(), s, 9*s, 90)
	c := worker("c", example.Failed(), 0, 8*s, 0)
	base := example.Plain().Started.UnixNano()
	want := stats.LoadedResult{FirstNs: base, LastNs: base + 9*s, Success: 100}
	for _, paths := range [][]string{{a, b, c}, {a, c, b}, {b, a, c}, {b, c, a}, {c, a, b}, {c, b, a}} {
		r, errs := LoadAll(paths, nil)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		if err := r.Check(); err != nil || r.Loaded != want {
			t.Errorf("%v: %+v, error %v, want %+v", paths, r.Loaded, err, want)
		}
		if perSecond, ok := r.LoadedHandshakesPerSecond(); !ok || perSecond != 100./9 {
			t.Errorf("%v: %v handshakes/s (%v), want 100 in 9 s", paths, perSecond, ok)
		}
		if drain := r.Drain(); drain != r.Duration()-9*time.Second {
			t.Errorf("%v: drain %v of %v, want all after 9 s", paths, drain, r.Duration())
		}
	}
}

func TestLoadWithoutUsableFiles(t *testing.T) {
	paths := []string{"testdata/missing1", "testdata/missing2"}
	r, errs := LoadAll(paths, nil)
	if r != nil || len(errs) != 2 {
		t.Errorf("result %v, errors %v", r, errs)
	}
	if lost, damaged := Faults(errs); lost != 2 || damaged != 0 {
		t.Errorf("%d lost and %d damaged, want 2 and 0", lost, damaged)
	}
	census, errs := LoadCensus(paths, nil)
	if census != nil || len(errs) != 2 {
		t.Errorf("census %v, errors %v", census, errs)
	}
}

func TestMixedResultReadsBack(t *testing.T) {
	paths := folder(t)
	r, errs := LoadAll(append(paths[:3:3], paths[5]), nil)
	if len(errs) != 1 || r == nil {
		t.Fatal(errs)
	}
	file := write(t, r)
	if n := bytes.Count(file, []byte(`"underruns":0,"left_out":20`)); n != 1 {
		t.Errorf("%d phases with 20 values left out, want open alone", n)
	}
	if err := validate(compileSchema(t), file); err != nil {
		t.Error(err)
	}
	again, err := Read(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if again.Unmeasured != r.Unmeasured || !bytes.Equal(write(t, again), file) {
		t.Errorf("read back %+v, want %+v", again.Unmeasured, r.Unmeasured)
	}
}
