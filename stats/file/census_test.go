package file

import (
	"os"
	"path/filepath"
	"testing"

	"wsperf/stats/internal/example"
)

func TestCensusOfBothForms(t *testing.T) {
	paths := folder(t)
	without := filepath.Join(t.TempDir(), "without.json")
	if err := os.WriteFile(without, write(t, example.Failed()), 0o644); err != nil {
		t.Fatal(err)
	}
	paths = []string{paths[0], paths[1], without, paths[4]}
	census, errs := LoadCensus(paths, nil)
	checkErrors(t, errs, paths, []fileWant{
		{1, true, "2 records read, the rest is lost"},
		{2, false, "no record of each connection: it was made without --log"},
		{3, false, "'h' where { is needed"},
	})
	// full has 193 of 199; two more are from the damaged file. Six failures have open 0.
	if census.Files != 2 || census.Success != 195 || census.Fail != 6 {
		t.Errorf("%d files, %d successes, %d failures, want 2, 195 and 6", census.Files, census.Success, census.Fail)
	}
	census.Open.Sort()
	if n := census.Open.Len(); n != 201 || census.Open.At(0) != 0 || census.Open.At(n-1) != 600_000_000 {
		t.Errorf("%d times from %v to %v us, want 201 from 0 to 600 s", n, census.Open.At(0), census.Open.At(n-1))
	}
}
