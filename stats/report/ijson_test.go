package report

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// python is Debian's own: its modules are those of Debian's packages.
const python = "/usr/bin/python3"

// TestTheAncestorsParserReadsOurFiles compares what ijson, the streaming parser
// of the ancestor's analysis, finds in a result of ours with what we find.
func TestTheAncestorsParserReadsOurFiles(t *testing.T) {
	if err := exec.Command(python, "-c", "import ijson").Run(); err != nil {
		t.Skipf("SKIPPED: %s cannot import ijson (%v): install Debian's package python3-ijson", python, err)
	}
	file := write(t, fullResult(t))
	path := filepath.Join(t.TempDir(), "result.json")
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "testdata/ijson_sums.py", path)
	cmd.Stderr = os.Stderr
	printed, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]int64
	if err := json.Unmarshal(printed, &got); err != nil {
		t.Fatal(err)
	}
	if want := ourSums(t, file); !maps.Equal(got, want) {
		t.Errorf("ijson finds %v, report %v", got, want)
	}
}

func ourSums(t *testing.T, file []byte) map[string]int64 {
	sums := make(map[string]int64)
	f := newFileReader(bytes.NewReader(file), func(r *record) {
		sums["records"]++
		sums["tcp_pre_init"] += r.preInitUs
		sums["tcp_post_init"] += r.postInitUs
		sums["open"] += r.openUs
		sums["close"] += r.closeUs
		if r.failed {
			sums["failed"]++
		}
	})
	if damage, err := f.read(); err != nil || damage != nil {
		t.Fatal(damage, err)
	}
	sums["total_duration"], sums["started"], sums["ended"] = f.doc.durationUs, f.doc.startedNs, f.doc.endedNs
	return sums
}
