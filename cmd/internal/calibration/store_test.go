package calibration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
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

// TestTLSIsKept, and a file of a version without it has entries for ws://.
func TestTLSIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "calibration.json")
	f, err := Prepare(path)
	if err != nil {
		t.Fatal(err)
	}
	full, mixed := entryOf(x25519(1000, 0), 2000), entryOf(x25519(1000, 300), 2500)
	if err := Save(f, path, []Entry{full, mixed}, func(func()) {}); err != nil {
		t.Fatal(err)
	}
	if all, err := Load(path); err != nil || len(all) != 2 || all[0].Shape.TLS != full.Shape.TLS || all[1].Shape.TLS != mixed.Shape.TLS || all[0].Facts != full.Facts {
		t.Errorf("%+v, %v", all, err)
	}
	const old = `{"shape":{"loops":2,"cpus":[1,3],"low":50,"high":100},"measured":"2026-01-02T03:04:05Z","handshakes_per_second":5}`
	if err := os.WriteFile(path, []byte(of(old)), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := Load(path)
	if err != nil || Compare(all, result(closed)).Differs == "" || Compare(all, x25519(9, 0)).Missing == "" {
		t.Errorf("%+v, %v", all, err)
	}
}

// good is an entry, as the file has it.
const good = `{"measured":"2026-01-02T03:04:05Z","handshakes_per_second":1}`

// of makes a file of entries.
func of(entries string) string { return `{"schema":"` + Schema + `","entries":[` + entries + `]}` }

// TestLoadRefuses: nothing of what a file has is in the error.
func TestLoadRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"damaged":             {`{"schema":"wsperf-calibration/1","entries":[{`, "is damaged: run wsperf calibrate again"},
		"empty":               {``, "is damaged"},
		"of another version":  {`{"schema":"wsperf-calibration/2\u001b"}`, "is of another version of wsperf"},
		"a rate of 0":         {of(`{"measured":"2026-01-02T03:04:05Z","handshakes_per_second":0}`), "is damaged"},
		"a tiny rate":         {of(`{"measured":"2026-01-02T03:04:05Z","handshakes_per_second":1e-300}`), "is damaged"},
		"a huge rate":         {of(`{"measured":"2026-01-02T03:04:05Z","handshakes_per_second":1e300}`), "is damaged"},
		"before our era":      {of(`{"measured":"0000-01-01T00:00:00+23:59","handshakes_per_second":1}`), "is damaged"},
		"a year of 5 digits":  {of(`{"measured":"9999-12-31T23:59:59-23:59","handshakes_per_second":1}`), "is damaged"},
		"no time":             {of(`{"handshakes_per_second":1}`), "is damaged"},
		"too many":            {of(strings.Repeat(good+",", maxEntries) + good), "is damaged"},
		"too large":           {strings.Repeat(" ", maxBytes+1), "is too large"},
		"no list of entries":  {`{"schema":"wsperf-calibration/1","entries":7}`, "is damaged"},
		"another kind of CPU": {`{"schema":"wsperf-calibration/1","entries":[{"shape":{"cpus":"1"},"handshakes_per_second":1}]}`, "is damaged"},
		"another kind of TLS": {`{"schema":"wsperf-calibration/1","entries":[{"shape":{"tls":"1.3"},"handshakes_per_second":1}]}`, "is damaged"},
		"good":                {of(strings.Repeat(good+",", maxEntries-1) + good), ""},
	} {
		path := filepath.Join(t.TempDir(), "calibration.json")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		all, err := Load(path)
		if c.want == "" && err == nil && len(all) == maxEntries {
			continue
		}
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
}

// TestOnlyRegularFiles: none of the others is read, which can last for ever, or replaced.
func TestOnlyRegularFiles(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{fifo, t.TempDir(), "/dev/zero"} {
		const want = " is not a regular file: remove it and run wsperf calibrate again"
		if all, err := Load(path); all != nil || err == nil || err.Error() != path+want {
			t.Errorf("%s is read: %v, %v", path, all, err)
		}
		if _, err := Prepare(path); err == nil || err.Error() != path+want {
			t.Errorf("%s is prepared: %v", path, err)
		}
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
