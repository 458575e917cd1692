package calibration

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

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
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	defer f.Close()
	var d document
	text, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err == nil && len(text) > maxBytes {
		err = errors.New("too large")
	}
	if err == nil && json.Unmarshal(text, &d) != nil {
		err = errors.New("damaged")
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s is %w: run wsperf calibrate again", path, err)
	case d.Schema != Schema:
		return nil, fmt.Errorf("%s is of another version of wsperf: run wsperf calibrate again", path)
	}
	for i := range d.Entries {
		if !(d.Entries[i].PerSecond > 0) || len(d.Entries) > maxEntries {
			return nil, fmt.Errorf("%s is damaged: run wsperf calibrate again", path)
		}
	}
	return d.Entries, nil
}

// Prepare checks that the file can be written, before a calibration is spent on it, and makes its
// folder.
func Prepare(path string) (*resultfile.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
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
