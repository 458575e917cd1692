package calibration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStore(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	path, err := Path()
	if err != nil {
		t.Fatal(err)
	}
	if all, err := Load(path); err != nil || all != nil {
		t.Fatalf("without a file: %v, %v", all, err)
	}
	for _, perSecond := range []float64{1000, 2000} {
		f, err := Prepare(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := Save(f, path, []Entry{entry(closed, perSecond, 1), entry(Shape{Loops: 1}, 7, 2)}, func(func()) {}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := Load(path)
	if err != nil || len(all) != 2 || all[0].PerSecond != 2000 || Compare(all, result(closed)).Share != 0.5 {
		t.Errorf("%+v, %v", all, err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(left) != 1 {
		t.Errorf("files %v", left)
	}
}

// TestLoadRefuses: nothing of what a file has is in the error.
func TestLoadRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"damaged":             {`{"schema":"wsperf-calibration/1","entries":[{`, "is damaged: run wsperf calibrate again"},
		"empty":               {``, "is damaged"},
		"of another version":  {`{"schema":"wsperf-calibration/2\u001b"}`, "is of another version of wsperf"},
		"a rate of 0":         {`{"schema":"wsperf-calibration/1","entries":[{"handshakes_per_second":0}]}`, "is damaged"},
		"too many":            {`{"schema":"wsperf-calibration/1","entries":[` + strings.Repeat(`{"handshakes_per_second":1},`, maxEntries) + `{"handshakes_per_second":1}]}`, "is damaged"},
		"too large":           {strings.Repeat(" ", maxBytes+1), "is too large"},
		"no list of entries":  {`{"schema":"wsperf-calibration/1","entries":7}`, "is damaged"},
		"another kind of CPU": {`{"schema":"wsperf-calibration/1","entries":[{"shape":{"cpus":"1"},"handshakes_per_second":1}]}`, "is damaged"},
	} {
		path := filepath.Join(t.TempDir(), "calibration.json")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		all, err := Load(path)
		if all != nil || err == nil || !strings.Contains(err.Error(), c.want) || strings.ContainsRune(err.Error(), 0x1b) {
			t.Errorf("%s: %v, %v", name, all, err)
		}
		f, err := Prepare(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := Save(f, path, []Entry{entry(closed, 1, 1)}, func(func()) {}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if all, err := Load(path); err != nil || len(all) != 1 {
			t.Errorf("%s, written anew: %v, %v", name, all, err)
		}
	}
	if _, err := Load(t.TempDir()); err == nil {
		t.Error("a folder is read")
	}
}

func TestPathRefuses(t *testing.T) {
	for _, c := range []struct{ cache, home, want string }{{"", "", "neither"}, {"relative", "/root", "relative"}} {
		t.Setenv("XDG_CACHE_HOME", c.cache)
		t.Setenv("HOME", c.home)
		if path, err := Path(); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "must be an absolute path") {
			t.Errorf("%+v: %q, %v", c, path, err)
		}
	}
}
