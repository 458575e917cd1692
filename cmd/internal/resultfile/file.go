// Package resultfile writes files that appear whole or not at all.
package resultfile

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// File is the place of a result. A regular file is written under another name
// in the same folder and renamed when it is whole (rename(2)).
type File struct {
	what   string // in errors
	path   string
	mode   fs.FileMode // of the file that is replaced; 0: there is none
	stream bool        // a device, a pipe or a descriptor, which is written in place
	pipe   bool        // a FIFO, which can be opened when it has a reader
	opened *os.File    // the FIFO; nil: not opened yet
}

// Prepare checks that path can be written, before a run is spent on it. It
// leaves nothing behind.
func Prepare(path string) (*File, error) { return prepare("result file", path) }

// PreparePage is as Prepare, for a page.
func PreparePage(path string) (*File, error) { return prepare("page", path) }

func prepare(what, path string) (*File, error) {
	f, err := examine(path)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w: must be a file that can be written", what, path, systemError(err))
	}
	f.what = what
	if err := f.tryCreate(); err != nil {
		return nil, fmt.Errorf("%s %s: folder %s: %w: must be a folder in which files can be created",
			what, path, filepath.Dir(f.path), systemError(err))
	}
	return f, nil
}

// PrepareSecret is as Prepare. Only the file's owner will be able to read it.
func PrepareSecret(path string) (*File, error) {
	f, err := Prepare(path)
	if err == nil {
		f.mode = 0o600
	}
	return f, err
}

// Stream reports whether the file is a device, a pipe or a descriptor, which cannot be read
// again by its name.
func (f *File) Stream() bool { return f.stream }

func examine(path string) (*File, error) {
	if path == "" {
		return nil, errors.New("the name is empty")
	}
	path, err := followLinks(path)
	if err != nil {
		return nil, err
	}
	if filepath.Dir(path) == descriptors() {
		return examineDescriptor(path)
	}
	f := &File{path: path}
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, unix.EISDIR
	case info.Mode()&fs.ModeSocket != 0:
		return nil, errors.New("is a socket")
	default:
		// A file may be write-protected in a folder that is not: rename(2) would replace it.
		if err := unix.Access(path, unix.W_OK); err != nil {
			return nil, err
		}
		f.stream = !info.Mode().IsRegular()
		f.pipe = info.Mode()&fs.ModeNamedPipe != 0
		f.mode = info.Mode().Perm()
	}
	return f, nil
}

// maxLinks is how many links Linux follows (path_resolution(7)).
const maxLinks = 40

// followLinks returns where a file is, or is to be created: rename(2) would replace the
// last link. filepath.EvalSymlinks fails if that leads to a file that does not exist.
func followLinks(path string) (string, error) {
	for range maxLinks {
		// Not Dir or Join of what may hold "..": they drop the name before it, which may
		// be a link.
		folder, name := filepath.Split(path)
		folder, err := filepath.EvalSymlinks(cmp.Or(folder, "."))
		if err != nil {
			return path, nil // the folder is reported later
		}
		path = filepath.Join(folder, name)
		if folder == descriptors() {
			return path, nil // a magic link: its text need not be a path (proc_pid_fd(5))
		}
		to, err := os.Readlink(path)
		if err != nil {
			return path, nil // not a link
		}
		if !filepath.IsAbs(to) {
			to = folder + "/" + to
		}
		path = to
	}
	return path, unix.ELOOP
}

// tryCreate creates the temporary file and removes it.
func (f *File) tryCreate() error {
	if f.stream {
		return nil
	}
	temp, err := f.createTemp()
	if err != nil {
		return err
	}
	return cmp.Or(temp.Close(), os.Remove(temp.Name()))
}

// createTemp creates the file that will be renamed. Its name is random: two runs
// never share it.
func (f *File) createTemp() (*os.File, error) {
	dir, name := filepath.Split(f.path)
	// The longest file name on Linux is 255 bytes (NAME_MAX, limits.h).
	temp := fmt.Sprintf(".%.200s.%s.tmp", name, rand.Text()[:10])
	file, err := os.OpenFile(filepath.Join(dir, temp), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil || f.mode == 0 {
		return file, err
	}
	return file, file.Chmod(f.mode)
}

// Save writes the file with write. begun is told how to undo what is on disk so
// far, for a process that ends meanwhile.
func (f *File) Save(write func(io.Writer) error, begun func(undo func())) error {
	put := func() error { return f.replace(write, begun) }
	if f.stream {
		put = func() error { return f.writeInPlace(write) }
	}
	if err := put(); err != nil {
		return fmt.Errorf("%s %s: %w", f.what, f.path, systemError(err))
	}
	return nil
}

// readerPoll is the time between two looks for a reader of a FIFO.
const readerPoll = 50 * time.Millisecond

// AwaitReader opens a FIFO, for which it waits until another process has opened it for
// reading. Open(2) would wait too, but for nobody knows what, and deaf to ctx. Before it
// waits, it calls waiting. For other files it does nothing.
func (f *File) AwaitReader(ctx context.Context, waiting func(path string)) error {
	if !f.pipe || f.openPipe() {
		return nil
	}
	waiting(f.path)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(readerPoll):
		}
		if f.openPipe() {
			return nil
		}
	}
}

// openPipe opens the FIFO if it has a reader (fifo(7), ENXIO otherwise). What is wrong with
// it besides, Save says.
func (f *File) openPipe() bool {
	file, err := os.OpenFile(f.path, os.O_WRONLY|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ENXIO) {
		return false
	}
	f.opened = file
	return true
}

func (f *File) writeInPlace(write func(io.Writer) error) error {
	file, err := f.openInPlace()
	if err != nil {
		return err
	}
	return cmp.Or(writeAll(file, write), file.Close())
}

func (f *File) openInPlace() (*os.File, error) {
	switch {
	case f.opened != nil:
		return f.opened, nil
	case filepath.Dir(f.path) == descriptors():
		return openDescriptor(f.path)
	}
	return os.OpenFile(f.path, os.O_WRONLY, 0)
}

func (f *File) replace(write func(io.Writer) error, begun func(undo func())) error {
	file, err := f.createTemp()
	if err != nil {
		return err
	}
	undo := func() { _ = os.Remove(file.Name()) } // nothing more can be done about it
	begun(undo)
	defer begun(func() {})
	err = writeAll(file, write)
	// Some file systems report a full disk only in close(2), "Dealing with error returns".
	err = cmp.Or(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), f.path)
	}
	if err != nil {
		undo()
	}
	return err
}

func writeAll(w io.Writer, write func(io.Writer) error) error {
	buffered := bufio.NewWriterSize(w, 64<<10)
	if err := write(buffered); err != nil {
		return err
	}
	return buffered.Flush()
}

// systemError removes the call and the path, which package os adds.
func systemError(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
