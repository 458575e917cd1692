package main

import (
	"bufio"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// resultFile is where a result will be written: a regular file appears whole
// or not at all, as it is written beside its place and renamed (rename(2)).
type resultFile struct {
	path   string
	mode   fs.FileMode // of the file that is replaced; 0: there is none
	stream bool        // a device or pipe: written in place
}

// openResult checks that path can be written before a run is spent on it. It leaves nothing behind.
func openResult(path string) (*resultFile, error) {
	f, err := examine(path)
	if err != nil {
		return nil, fmt.Errorf("result file %s: %w: must be a file that can be written", path, bare(err))
	}
	return f, nil
}

func examine(path string) (*resultFile, error) {
	if path == "" {
		return nil, errors.New("the name is empty")
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	f := &resultFile{path: path}
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, unix.EISDIR
	default:
		// The user may have protected a file in a folder that he can write.
		if err := unix.Access(path, unix.W_OK); err != nil {
			return nil, err
		}
		f.stream = !info.Mode().IsRegular()
		f.mode = info.Mode().Perm()
	}
	return f, f.rehearse()
}

// rehearse makes the file beside the place and removes it.
func (f *resultFile) rehearse() error {
	if f.stream {
		return nil
	}
	beside, err := f.beside()
	if err != nil {
		return err
	}
	return cmp.Or(beside.Close(), os.Remove(beside.Name()))
}

// beside creates the file that is to be renamed. Its name is new: two runs never share it.
func (f *resultFile) beside() (*os.File, error) {
	dir, name := filepath.Split(f.path)
	// Linux's longest file name is 255 bytes (NAME_MAX, limits.h).
	temp := fmt.Sprintf(".%.200s.%s.tmp", name, rand.Text()[:10])
	file, err := os.OpenFile(filepath.Join(dir, temp), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil || f.mode == 0 {
		return file, err
	}
	return file, file.Chmod(f.mode)
}

// save writes the file with write. begun is told how to undo what is on disk so far.
func (f *resultFile) save(write func(io.Writer) error, begun func(undo func())) error {
	put := func() error { return f.replace(write, begun) }
	if f.stream {
		put = func() error { return f.writeInPlace(write) }
	}
	if err := put(); err != nil {
		return fmt.Errorf("result file %s: %w", f.path, bare(err))
	}
	return nil
}

func (f *resultFile) writeInPlace(write func(io.Writer) error) error {
	file, err := os.OpenFile(f.path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return cmp.Or(writeAll(file, write), file.Close())
}

func (f *resultFile) replace(write func(io.Writer) error, begun func(undo func())) error {
	file, err := f.beside()
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
