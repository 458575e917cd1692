package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"

	"wsperf/stats"
)

// FileError is the error of one result file.
type FileError struct {
	Path string
	Kept bool // the file is damaged, and its intact part was used
	Err  error
}

// Error returns one line that names the file.
func (e *FileError) Error() string { return fmt.Sprintf("result file %s: %v", e.Path, e.Err) }

// Unwrap returns the error without the path.
func (e *FileError) Unwrap() error { return e.Err }

// Faults counts the files that were not used (lost), and those of which only the
// intact part was (damaged). errs are those of LoadAll or LoadCensus.
func Faults(errs []error) (lost, damaged int) {
	for _, err := range errs {
		var file *FileError
		switch {
		case !errors.As(err, &file):
		case file.Kept:
			damaged++
		default:
			lost++
		}
	}
	return lost, damaged
}

// Open opens a result file.
type Open func(path string) (io.ReadCloser, error)

func openFile(path string) (io.ReadCloser, error) { return os.Open(path) }

// LoadAll reads result files of both formats, in any mix, and merges them in the order
// of paths. It calls announce, unless that is nil, in this order before it loads a
// file. It loads up to GOMAXPROCS files in parallel. Each error is a *FileError; a file
// has at most one. Of a damaged file the intact part is merged; a file with any other
// error is left out. The result is nil if no file could be used.
func LoadAll(paths []string, announce func(path string)) (*stats.Result, []error) {
	var m Merger
	errs := loadInOrder(openFile, paths, announce, Read, m.Add)
	return m.Result(), errs
}

// Merger merges results as they come, because each has 3 MB of histograms. One alone stays as it
// was read. The zero value has none.
type Merger struct {
	only *stats.Result // nil: there is none, or more than one
	sum  stats.Sum
	n    int
}

// Add takes a result. The error is that of stats.Sum.
func (m *Merger) Add(_ string, r *stats.Result) error {
	if m.n == 0 {
		m.only, m.n = r, 1
		return nil
	}
	if m.only != nil {
		if err := m.sum.Add(m.only); err != nil {
			return err
		}
		m.only = nil
	}
	if err := m.sum.Add(r); err != nil {
		return err
	}
	m.n++
	return nil
}

// Result returns nil if there is no result.
func (m *Merger) Result() *stats.Result {
	if m.only != nil || m.n == 0 {
		return m.only
	}
	merged, err := m.sum.Result()
	if err != nil {
		return nil // not reached: at least one was added
	}
	return merged
}

// loadInOrder reads files in parallel and passes their values to add in the order of
// paths. A value that add refuses is dropped.
func loadInOrder[T any](open Open, paths []string, announce func(path string), read func(io.Reader) (*T, error), add func(path string, value *T) error) (errs []error) {
	load := func(path string) loaded[T] { return loadFile(open, path, read) }
	inOrder(paths, announce, load, func(l loaded[T]) {
		if err := l.give(add); err != nil {
			errs = append(errs, err)
		}
	})
	return errs
}

// loaded is the outcome of reading a file. A damaged file has both value and err.
type loaded[T any] struct {
	path  string
	value *T
	err   error
}

// give passes the value to add. It returns what is wrong with the file as a *FileError, or nil.
func (l loaded[T]) give(add func(path string, value *T) error) error {
	if l.value != nil {
		if err := add(l.path, l.value); err != nil {
			l.value, l.err = nil, err
		}
	}
	if l.err == nil {
		return nil
	}
	return &FileError{Path: l.path, Kept: l.value != nil, Err: l.err}
}

func loadFile[T any](open Open, path string, read func(io.Reader) (*T, error)) loaded[T] {
	l := loaded[T]{path: path}
	f, err := open(path)
	if err != nil {
		l.err = bare(err)
		return l
	}
	l.value, l.err = read(f)
	_ = f.Close() // nothing was written that could be lost
	return l
}

// inOrder loads files in parallel and passes the outcomes to take in the order of
// paths.
func inOrder[T any](paths []string, announce func(path string), load func(path string) T, take func(T)) {
	var queue []chan T
	for _, path := range paths {
		if len(queue) == runtime.GOMAXPROCS(0) {
			take(<-queue[0])
			queue = queue[1:]
		}
		if announce != nil {
			announce(path)
		}
		done := make(chan T, 1)
		go func() { done <- load(path) }()
		queue = append(queue, done)
	}
	for _, done := range queue {
		take(<-done)
	}
}

// bare removes the call and the path that package os adds to a system error.
func bare(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
