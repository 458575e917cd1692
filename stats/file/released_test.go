package file

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"wsperf/stats"
)

// glob returns the files that match a pattern, at least one.
func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d files match %s: %v", len(paths), pattern, err)
	}
	return paths
}

// TestReleasedFilesStayReadable checks that each file of a released version is accepted,
// and that a file written from it has every key of the original with the same value. It
// may have more keys.
func TestReleasedFilesStayReadable(t *testing.T) {
	for _, path := range glob(t, "testdata/released/*/*.json") {
		t.Run(path, func(t *testing.T) {
			original, r := readReal(t, path)
			var want, got map[string]any
			if err := json.Unmarshal(original, &want); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(write(t, r), &got); err != nil {
				t.Fatal(err)
			}
			records, hasLog := want["connection_stats"].([]any)
			delete(want, "connection_stats") // Read does not keep the records
			checkContains(t, "", got, want)
			if hasLog && uint64(len(records)) != r.Total {
				t.Errorf("%d records, but %d connections", len(records), r.Total)
			}
		})
	}
}

// readReal reads a result file and returns its bytes too.
func readReal(t *testing.T, path string) ([]byte, *stats.Result) {
	t.Helper()
	original, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Read(bytes.NewReader(original))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Check(); err != nil {
		t.Error(err)
	}
	return original, r
}

// checkContains checks that got has every key of want with the same value.
func checkContains(t *testing.T, path string, got, want any) {
	t.Helper()
	wantObject, isObject := want.(map[string]any)
	gotObject, _ := got.(map[string]any)
	wantArray, isArray := want.([]any)
	gotArray, _ := got.([]any)
	switch {
	case isObject:
		for key := range wantObject {
			// The encoding of a histogram may change with the library. The other
			// keys of a series are computed from the histogram.
			if key != "histogram" {
				checkContains(t, path+"."+key, gotObject[key], wantObject[key])
			}
		}
	case isArray && len(gotArray) == len(wantArray):
		for i := range wantArray {
			checkContains(t, path+"[]", gotArray[i], wantArray[i])
		}
	case !reflect.DeepEqual(got, want):
		t.Errorf("%s is %v, want %v", path, got, want)
	}
}

// ancestorFile is the part of an ancestor's result file that the test compares.
type ancestorFile struct {
	Started   int64  `json:"started"`
	Ended     int64  `json:"ended"`
	Throttled uint64 `json:"handshake_throttle_count"`
	Resumed   uint64 `json:"handshake_resume_count"`
	Records   []struct {
		Failed bool `json:"failed"`
	} `json:"connection_stats"`
}

func (f *ancestorFile) failed() (n uint64) {
	for _, r := range f.Records {
		if r.Failed {
			n++
		}
	}
	return n
}

func TestAncestorFilesStayReadable(t *testing.T) {
	for _, path := range glob(t, "testdata/ancestor/*/*.json") {
		t.Run(path, func(t *testing.T) {
			original, r := readReal(t, path)
			var file ancestorFile
			if err := json.Unmarshal(original, &file); err != nil {
				t.Fatal(err)
			}
			fail := file.failed()
			success := uint64(len(file.Records)) - fail
			got := []any{r.Total, r.Success, r.Fail, r.Throttled, r.Resumed, r.Duration(), r.Unmeasured}
			want := []any{success + fail, success, fail, file.Throttled, file.Resumed,
				time.Duration(file.Ended - file.Started), stats.UnmeasuredResult{Success: success, Fail: fail}}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("read %v, want %v", got, want)
			}
		})
	}
}

func TestReleasedFilesAddUp(t *testing.T) {
	paths := append(glob(t, "testdata/released/*/*.json"), glob(t, "testdata/ancestor/*/*.json")...)
	var total uint64
	for _, path := range paths {
		_, r := readReal(t, path)
		total += r.Total
	}
	r, errs := LoadAll(paths, nil)
	if len(errs) > 0 || r.Total != total {
		t.Fatalf("errors %v, %d connections, want %d", errs, r.Total, total)
	}
	if err := r.Check(); err != nil {
		t.Error(err)
	}
}

// TestPhasesComeAndGo renames a phase. Read takes a missing phase as empty, because the
// file is older than the phase, and skips an unknown one of a later version. It refuses a
// file whose successes need the missing phase (TestReadRefuses, "missing phase").
func TestPhasesComeAndGo(t *testing.T) {
	text, err := os.ReadFile("testdata/released/0.1.0/refused.json")
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(string(text), `"open":{"success"`, `"message":{"success"`, 1)
	if other == string(text) {
		t.Fatal("the file has no phase open to rename")
	}
	r, err := Read(strings.NewReader(other))
	if err != nil {
		t.Fatal(err)
	}
	open := r.Phases[stats.PhaseOpen]
	if open.Success == nil || open.Success.TotalCount() != 0 || open.Failure.TotalCount() != 0 {
		t.Errorf("phase open %+v, want an empty one", open)
	}
}
