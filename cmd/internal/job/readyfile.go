package job

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// CheckReadyFile checks that the file can be created that says that the run is ready, if there is to be one. It
// removes one that a killed run has left: that would say that this one is ready.
func (j *Job) CheckReadyFile() error {
	path := j.Part.ReadyFile
	if path == "" {
		return nil
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
	return readyFileError(path, err)
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
	j.ready.Store(true)
	return f.Close()
}

// Unready removes the file, if Ready has created it. It can be called from any goroutine, and again.
func (j *Job) Unready() {
	if j.ready.Swap(false) {
		_ = os.Remove(j.Part.ReadyFile) // nobody is left to be told of an error
	}
}

func readyFileError(path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("--ready-file %s: %w: must be a file that can be created", path, systemError(err))
}
