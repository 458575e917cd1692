package job

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// PrepareReadyFile checks that the file can be created that says that the run is ready, if there is to be one. It
// removes one that a killed run has left: that would say that this one is ready. remove removes the file.
func (j *Job) PrepareReadyFile() (remove func(), err error) {
	path := j.Part.ReadyFile
	if path == "" {
		return func() {}, nil
	}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = unix.Access(filepath.Dir(path), unix.W_OK|unix.X_OK)
	case err == nil && (!info.Mode().IsRegular() || info.Size() > 0):
		err = errors.New("exists, and is not an empty file that a run has left")
	case err == nil:
		err = os.Remove(path)
	}
	if err != nil {
		return nil, readyFileError(path, err)
	}
	return func() { _ = os.Remove(path) }, nil // nobody is left to be told of an error
}

// Ready creates the file, which is empty.
func (j *Job) Ready() error {
	path := j.Part.ReadyFile
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return readyFileError(path, err)
	}
	return f.Close()
}

func readyFileError(path string, err error) error {
	return fmt.Errorf("--ready-file %s: %w: must be a file that can be created", path, systemError(err))
}
