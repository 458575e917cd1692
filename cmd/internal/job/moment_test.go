package job

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMomentFile: what counts as a moment while another process writes the file, and why the rest does not.
func TestMomentFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "begin")
	f := MomentFile{Path: path}
	now := time.Now().Truncate(time.Second)
	for i, step := range []struct {
		text string // "-": there is no file
		want bool
		why  string
	}{
		{"-", false, "no such file or directory"},
		{"", false, "is empty"},
		{" \n", false, "is empty"},
		{fmt.Sprint(now.Unix()), false, "is being written"},
		{fmt.Sprintf("%d.25", now.Unix()), false, "is being written"},
		{fmt.Sprintf("%d.25", now.Unix()), true, "is being written"},
		{"176427", false, `has "176427": is 1970-01-03T01:00:27Z: must be within 24h0m0s of now`},
		{"-", false, "no such file or directory"},
		{fmt.Sprintf("%d.25", now.Unix()), false, "is being written"},
		{fmt.Sprintf("%d.25\n", now.Unix()), true, "is being written"},
		{"\x1b[2Jsoon\n", false, `has "\x1b[2Jsoon": ` + wantMoment},
		{strings.Repeat("x", 1<<20), false, `has "` + strings.Repeat("x", 80) + `...": ` + wantMoment},
	} {
		if step.text == "-" {
			_ = os.Remove(path) // it may not be there
		} else if err := os.WriteFile(path, []byte(step.text), 0o600); err != nil {
			t.Fatal(err)
		}
		at, found := f.Moment()
		if found != step.want || f.Why() != step.why {
			t.Errorf("step %d: %v, because it %s, want %v, because it %s", i, found, f.Why(), step.want, step.why)
		}
		if found && !at.Equal(now.Add(time.Second/4)) {
			t.Errorf("step %d: %v, want %v", i, at, now)
		}
	}
}

// TestMomentFileIsNoFile: what cannot be read to its end does not hold the run.
func TestMomentFileIsNoFile(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{fifo: "is empty", "/dev/zero": `has "\x00`, "/": "is a directory", "x/\x00": "invalid argument"} {
		f := MomentFile{Path: path}
		if at, found := f.Moment(); found || !strings.HasPrefix(f.Why(), want) {
			t.Errorf("%q: %v, because it %s, want %s", path, at, f.Why(), want)
		}
	}
}
