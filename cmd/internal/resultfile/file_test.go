package resultfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func content(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

func forget(func()) {}

func mustOpen(t *testing.T, path string) *File {
	t.Helper()
	f, err := Prepare(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func mustHold(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v, want %q", path, got, err, want)
	}
}

func mustList(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%s holds %q, want %q", dir, got, want)
	}
}

func TestResultFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "result.json")
	f := mustOpen(t, path)
	mustList(t, dir) // the check leaves nothing behind
	if err := f.Save(content("one"), forget); err != nil {
		t.Fatal(err)
	}
	mustHold(t, path, "one")
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := mustOpen(t, path).Save(content("two"), forget); err != nil {
		t.Fatal(err)
	}
	mustHold(t, path, "two")
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o640 {
		t.Errorf("mode %v, %v, want that of the file before", info.Mode(), err)
	}
	mustList(t, dir, "result.json")
}

func TestResultFileStaysWhenWritingFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "result.json")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := mustOpen(t, path)
	broken := errors.New("broken")
	err := f.Save(func(w io.Writer) error {
		_, _ = io.WriteString(w, strings.Repeat("x", 1<<20)) // the error under test is the next one
		return broken
	}, forget)
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v, want %v with the path", err, broken)
	}
	mustHold(t, path, "old")
	mustList(t, dir, "result.json")
}

func TestResultFileIsUndone(t *testing.T) {
	dir := t.TempDir()
	undo := func() { t.Error("begun was not called") }
	begun := func(u func()) { undo = u }
	err := mustOpen(t, filepath.Join(dir, "result.json")).Save(func(io.Writer) error {
		undo()
		mustList(t, dir)
		return nil
	}, begun)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v after undo, want %v", err, fs.ErrNotExist)
	}
}

func TestResultFileBehindLink(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "result.json"), filepath.Join(dir, "link")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("result.json", link); err != nil {
		t.Fatal(err)
	}
	if err := mustOpen(t, link).Save(content("new"), forget); err != nil {
		t.Fatal(err)
	}
	mustHold(t, path, "new")
	if to, err := os.Readlink(link); err != nil || to != "result.json" {
		t.Errorf("the link points to %q, %v", to, err)
	}
}

// TestResultFileBehindDanglingLink checks that the file is created where the links lead.
func TestResultFileBehindDanglingLink(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "disk", "results"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"folder": "disk/results", "first": "folder/second", "disk/results/second": "../result.json", "other": "folder/../result.json"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := mustOpen(t, filepath.Join(dir, "first")).Save(content("new"), forget); err != nil {
		t.Fatal(err)
	}
	mustHold(t, filepath.Join(dir, "disk", "result.json"), "new")
	if err := mustOpen(t, filepath.Join(dir, "other")).Save(content("newer"), forget); err != nil {
		t.Fatal(err)
	}
	mustHold(t, filepath.Join(dir, "disk", "result.json"), "newer")
	mustList(t, filepath.Join(dir, "disk"), "result.json", "results")
	mustList(t, dir, "disk", "first", "folder", "other")
}

// TestFolderThatCannotBeWritten acts as a user who owns nothing: root may write anywhere.
func TestFolderThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "result.json")
	if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, 0o666), os.Chmod(dir, 0o555), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		// Of this thread alone (setfsuid(2)); it goes back before the thread is unlocked.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := unix.Setfsuid(65534); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = unix.Setfsuid(0) }()
	}
	for _, path := range []string{path, filepath.Join(dir, "new")} {
		want := "result file " + path + ": folder " + dir + ": permission denied: must be a folder in which files can be created"
		if _, err := Prepare(path); err == nil || err.Error() != want {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestPipeIsWrittenInPlace uses a pipe in a temporary folder. A test must not use a
// device of the machine: broken code, run by root, would replace it.
func TestPipeIsWrittenInPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	// Open for both, so that neither side waits for the other (fifo(7)).
	pipe, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	if err := mustOpen(t, path).Save(content("through"), forget); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		t.Fatalf("the pipe was replaced: %v, %v", info.Mode(), err)
	}
	got := make([]byte, len("through"))
	if _, err := io.ReadFull(pipe, got); err != nil || string(got) != "through" {
		t.Errorf("the pipe has %q, %v", got, err)
	}
}

// inherited makes a file a descriptor like those that a shell opens for a program: they have
// no FD_CLOEXEC. It returns a link that leads to it.
func inherited(t *testing.T, file *os.File) (link string) {
	t.Helper()
	fd, err := unix.Dup(int(file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	link = filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(fmt.Sprintf("/proc/self/fd/%d", fd), link); err != nil {
		t.Fatal(err)
	}
	return link
}

// TestDescriptorIsWrittenAsItIs: /dev/stdout, /dev/fd/3 and the >(command) of a shell are
// descriptors, not paths. A file behind one is neither replaced nor overwritten.
func TestDescriptorIsWrittenAsItIs(t *testing.T) {
	t.Run("file", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "log")
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if _, err := file.WriteString("old,"); err != nil {
			t.Fatal(err)
		}
		if err := mustOpen(t, inherited(t, file)).Save(content("new,"), forget); err != nil {
			t.Error(err)
		}
		if _, err := file.WriteString("newer"); err != nil {
			t.Error(err)
		}
		mustHold(t, path, "old,new,newer")
		mustList(t, dir, "log")
	})
	t.Run("pipe", func(t *testing.T) {
		out, in, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		defer in.Close()
		f := mustOpen(t, inherited(t, in))
		if err := f.Save(content("through"), forget); err != nil || !f.Stream() {
			t.Fatalf("stream %v, %v", f.Stream(), err)
		}
		got := make([]byte, len("through"))
		if _, err := io.ReadFull(out, got); err != nil || string(got) != "through" {
			t.Errorf("the pipe has %q, %v", got, err)
		}
	})
}

func TestDescriptorThatCannotBeWritten(t *testing.T) {
	readable, err := os.OpenFile(filepath.Join(t.TempDir(), "file"), os.O_RDONLY|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer readable.Close()
	own, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	for name, path := range map[string]string{
		"for reading only": inherited(t, readable),
		"not inherited":    fmt.Sprintf("/proc/self/fd/%d", own.Fd()),
		"not open":         fmt.Sprintf("/proc/self/fd/%d", math.MaxInt32),
		"not a number":     "/proc/self/fd/x",
	} {
		want := "result file " + path + ": is not a descriptor that is open for writing: must be a file that can be written"
		if _, err := Prepare(path); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

func TestOpenResultRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "socket")
	if err := unix.Mknod(socket, unix.S_IFSOCK|0o600, 0); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, want string }{
		{"", "the name is empty"},
		{socket, "is a socket"},
		{dir, "is a directory"},
		{filepath.Join(dir, "missing", "file"), "no such file or directory"},
		{filepath.Join(file, "below"), "not a directory"},
	} {
		if _, err := Prepare(c.path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.path, err, c.want)
		}
	}
}
