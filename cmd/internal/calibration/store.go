package calibration

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"wsperf/cmd/internal/resultfile"
)

// Schema is the name and version of the file's format.
const Schema = "wsperf-calibration/1"

// maxBytes bounds what is read of the file: an entry takes some hundred bytes.
const maxBytes = 1 << 20

// Path returns the name of the file, which need not exist. It fails if neither $XDG_CACHE_HOME nor
// $HOME is set (os.UserCacheDir).
func Path() (string, error) {
	folder, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder for the calibration: %w: must be an absolute path in one of them", err)
	}
	return filepath.Join(folder, "wsperf", "calibration.json"), nil
}

type document struct {
	Schema  string  `json:"schema"`
	Entries []Entry `json:"entries"`
}

// Load reads the file. A file that does not exist has no entry. The error does not tell what the
// file has: that may be anything.
func Load(path string) ([]Entry, error) {
	text, err := read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	var d document
	switch {
	case json.Unmarshal(text, &d) != nil:
		return nil, unusable(path, "damaged")
	case d.Schema != Schema:
		return nil, unusable(path, "of another version of wsperf")
	case len(d.Entries) > maxEntries || !sound(d.Entries):
		return nil, unusable(path, "damaged")
	}
	return d.Entries, nil
}

func unusable(path, how string) error {
	return fmt.Errorf("%s is %s: run wsperf calibrate again", path, how)
}

// read reads a regular file. Another kind could block for ever: open(2) of a FIFO without
// O_NONBLOCK waits for a writer, deaf to signals that the program handles.
func read(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := regular(path, f.Stat); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err == nil && len(text) > maxBytes {
		err = unusable(path, "too large")
	}
	return text, err
}

func regular(path string, stat func() (fs.FileInfo, error)) error {
	info, err := stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file: remove it and run wsperf calibrate again", path)
	}
	return err
}

// Prepare checks that the file can be written, before a calibration is spent on it, and makes its
// folder.
func Prepare(path string) (*resultfile.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	err := regular(path, func() (fs.FileInfo, error) { return os.Stat(path) })
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return resultfile.Prepare(path)
}

// Save adds entries to those that the file has, and writes it anew. Of a damaged file nothing is kept.
func Save(f *resultfile.File, path string, entries []Entry, begun func(undo func())) error {
	all, err := Load(path)
	if err != nil {
		all = nil
	}
	for _, e := range entries {
		all = add(all, e)
	}
	return f.Save(func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", " ")
		return encoder.Encode(document{Schema, all})
	}, begun)
}
