package main

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// python is Debian's interpreter, which finds the modules of Debian's packages.
const python = "/usr/bin/python3"

// TestTheAncestorsParserReadsARealResult runs the command and reads its result
// file with ijson, the parser of the ancestor's analysis, by the ancestor's keys.
func TestTheAncestorsParserReadsARealResult(t *testing.T) {
	if err := exec.Command(python, "-c", "import ijson").Run(); err != nil {
		t.Skipf("%s cannot import ijson (%v): apt-get install python3-ijson", python, err)
	}
	path := filepath.Join(t.TempDir(), "result.json")
	if out, err := exec.Command("wsperf", "run", "--conns", "2000", "--log", "--quiet", "--out", path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	printed, err := exec.Command(python, "testdata/ijson_sums.py", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]int64
	if err := json.Unmarshal(printed, &got); err != nil {
		t.Fatal(err)
	}
	want := sumsOf(t, path)
	if !maps.Equal(got, want) {
		t.Errorf("ijson finds %v, want %v", got, want)
	}
	if want["records"] != 2000 || want["failed"] != 0 || want["open"] == 0 {
		t.Errorf("the run itself: %v", want)
	}
}

// sumsOf adds up the file's records with another parser.
func sumsOf(t *testing.T, path string) map[string]int64 {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Duration int64            `json:"total_duration"`
		Started  int64            `json:"started"`
		Ended    int64            `json:"ended"`
		Records  []map[string]any `json:"connection_stats"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	sums := map[string]int64{"total_duration": file.Duration, "started": file.Started, "ended": file.Ended, "failed": 0}
	for _, record := range file.Records {
		sums["records"]++
		for key, value := range record {
			switch v := value.(type) {
			case float64:
				sums[key] += int64(v)
			case bool:
				if v {
					sums[key]++
				}
			}
		}
	}
	return sums
}
