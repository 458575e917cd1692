package slurm

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// made is a folder for three tasks.
func made(t *testing.T) *folder {
	t.Helper()
	f, err := newFolder(t.TempDir(), 3)
	if err == nil {
		err = f.create()
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *folder) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(f.path(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestMarks: what the files of tasks say of them.
func TestMarks(t *testing.T) {
	const begun, late = `{"total":1,"parts":[{"number":1,"begun":true}]}` + "\n", `{"parts":[{"number":1,"begun":false}]}` + "\n"
	f := made(t)
	for _, s := range []struct{ name, text, want string }{
		{"other", "", "0 0 0 0"},
		{"1", "", "0 0 0 0"},
		{"2.err", "", "0 0 0 0"},
		{"part-0.err", "", "1 0 0 0"},
		{"ready-0", "", "1 1 0 0"},
		{"ready-1", "", "1 2 0 0"},
		{"ready-3", "", "1 2 0 0"}, // there are three tasks
		{"ready--1", "", "1 2 0 0"},
		{"ready-x", "", "1 2 0 0"},
		{"part-1.out", begun, "1 2 0 0"},
		{"ended-1", "", "1 2 1 1"},
		{"part-2.out", late, "1 2 1 1"},
		{"ended-2", "", "1 3 2 1"}, // it was too late, which is no end of a run
		{"ended-0", "", "1 3 3 1"}, // it was killed
	} {
		f.write(t, s.name, s.text)
		m, err := f.look()
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(len(m.started), len(m.ready), len(m.ended), len(m.over)); got != s.want {
			t.Errorf("after %s: %s started, are ready, ended, are over: want %s", s.name, got, s.want)
		}
	}
	if _, err := os.Stat(f.path("look")); err == nil {
		t.Error("the probe is left")
	}
}

// TestFolderIsGone: somebody has removed it.
func TestFolderIsGone(t *testing.T) {
	f := made(t)
	if err := f.remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.look(); err == nil {
		t.Error("look: no error")
	}
	if err := f.begin(time.Now()); err == nil {
		t.Error("begin: no error")
	}
	if o, err := f.output(0); err != nil || len(o.Result)+len(o.Words) > 0 {
		t.Errorf("output: %v, %v", o, err)
	}
	if err := f.remove(); err != nil {
		t.Error(err)
	}
}

// TestMomentInPlace: the file with the moment stays the same file, which parts have looked up before.
func TestMomentInPlace(t *testing.T) {
	f := made(t)
	before, err := os.Stat(f.path(startFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.begin(time.Unix(1764270000, 5)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(f.path(startFile))
	if after, _ := os.Stat(f.path(startFile)); err != nil || string(text) != "1764270000.000000005\n" || !os.SameFile(before, after) {
		t.Errorf("%q, %v, or another file", text, err)
	}
}

// TestEpilog: it finds its folder by its own path.
func TestEpilog(t *testing.T) {
	f := made(t)
	cmd := exec.Command(f.path(epilog))
	cmd.Env, cmd.Dir = []string{"SLURM_PROCID=2"}, "/"
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%v: %s", err, out)
	}
	if m, err := f.look(); err != nil || !m.ended[2] || len(m.ended) != 1 {
		t.Errorf("%+v, %v", m, err)
	}
}

// TestEndOfFile: of a long file the end is read.
func TestEndOfFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	for most, want := range map[int64]string{4: "6789", 10: "0123456789", 11: "0123456789"} {
		if got, err := readEnd(path, most); err != nil || string(got) != want {
			t.Errorf("%d bytes: %q, %v, want %q", most, got, err, want)
		}
	}
}

// TestQuote: a shell reads the words that were printed.
func TestQuote(t *testing.T) {
	c, err := New(Step{Shards: 1, Program: "/opt/it's here/wsperf", Args: []string{"", "a b", "$HOME", "\\", "*", "ü\n"}}, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := c.Print(&text); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("sh", "-c", `srun() { printf 'srun\0'; printf '%s\0' "$@"; }; `+text.String()).Output()
	if want := strings.Join(c.CommandLine(), "\x00") + "\x00"; err != nil || string(out) != want {
		t.Errorf("%q, %v, want %q", out, err, want)
	}
}
