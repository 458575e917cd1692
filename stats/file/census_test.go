package file

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"wsperf/stats/internal/example"
)

func TestCensusOfBothFormats(t *testing.T) {
	paths := folder(t)
	without := filepath.Join(t.TempDir(), "without.json")
	if err := os.WriteFile(without, write(t, example.Failed()), 0o644); err != nil {
		t.Fatal(err)
	}
	paths = []string{paths[0], paths[1], without, paths[4]}
	census, errs := LoadCensus(paths, nil)
	checkErrors(t, errs, paths, []fileWant{
		{1, true, "2 records read, the rest is lost"},
		{2, false, "no record per connection: it was written without --log"},
		{3, false, "'h' where { is needed"},
	})
	// example.Full has 193 successes and 6 failures, which have open 0. The damaged file
	// has 2 successes.
	if census.Files != 2 || census.Success != 195 || census.Fail != 6 {
		t.Errorf("%d files, %d successes, %d failures, want 2, 195 and 6", census.Files, census.Success, census.Fail)
	}
	census.Open.Sort()
	if n := census.Open.Len(); n != 201 || census.Open.At(0) != 0 || census.Open.At(n-1) != 600_000_000 {
		t.Errorf("%d times from %v to %v us, want 201 from 0 to 600 s", n, census.Open.At(0), census.Open.At(n-1))
	}
}

func TestCensusRefusesNegativeDurations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "negative.json")
	file := bytes.Replace(write(t, example.Full()), []byte(`"open":0,"close":0,"failed":true`), []byte(`"open":-5,"close":0,"failed":true`), 1)
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
	census, errs := LoadCensus([]string{path}, nil)
	if census != nil {
		t.Errorf("%d times", census.Open.Len())
	}
	checkErrors(t, errs, []string{path}, []fileWant{{0, false, `key "connection_stats": record 151: "open" is -5, must be 0 or more`}})
}
