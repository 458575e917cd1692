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

// FileError is what was wrong with one result file.
type FileError struct {
	Path string
	Kept bool // the file is damaged, and what could be read of it was used
	Err  error
}

// Error is one line that names the file.
func (e *FileError) Error() string { return fmt.Sprintf("result file %s: %v", e.Path, e.Err) }

// Unwrap returns the error without the file's name.
func (e *FileError) Unwrap() error { return e.Err }

// Faults counts the files of which nothing was used, and the damaged ones of
// which a part was. errs are those of LoadAll or LoadCensus.
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

// LoadAll reads result files, of both forms and in any mix, and merges them in
// their order. It calls each, which may be nil, in that order before it loads a
// file, and loads as many files at a time as there are CPUs for. There is at most
// one error, a *FileError, for each file. The other files are merged without it;
// of a damaged file, the whole part is merged. The result is nil if no file had any.
func LoadAll(paths []string, each func(path string)) (*stats.Result, []error) {
	return LoadAllFrom(openFile, paths, each)
}

// LoadAllFrom is LoadAll with another way to open a file.
func LoadAllFrom(open Open, paths []string, each func(path string)) (*stats.Result, []error) {
	var merged *stats.Result
	errs := loadInOrder(open, paths, each, Read, func(r *stats.Result) (err error) {
		merged, err = addTo(merged, r)
		return err
	})
	return merged, errs
}

// addTo merges file by file: a result has 1.5 MB of histograms, and there may be
// many files. With an error it returns what was merged before.
func addTo(merged, r *stats.Result) (*stats.Result, error) {
	if merged == nil {
		return r, nil
	}
	sum, err := stats.MergeResults(merged, r)
	if err != nil {
		return merged, err
	}
	return sum, nil
}

// loadInOrder reads files in parallel and adds what came of each in the files'
// order. A value that add refuses is not kept.
func loadInOrder[T any](open Open, paths []string, each func(path string), read func(io.Reader) (*T, error), add func(*T) error) (errs []error) {
	load := func(path string) loaded[T] { return loadFile(open, path, read) }
	inOrder(paths, each, load, func(l loaded[T]) {
		if l.value != nil {
			if err := add(l.value); err != nil {
				l.value, l.err = nil, err
			}
		}
		if l.err != nil {
			errs = append(errs, &FileError{Path: l.path, Kept: l.value != nil, Err: l.err})
		}
	})
	return errs
}

// loaded is what came of a file. A damaged one has both value and error.
type loaded[T any] struct {
	path  string
	value *T
	err   error
}

func loadFile[T any](open Open, path string, read func(io.Reader) (*T, error)) loaded[T] {
	l := loaded[T]{path: path}
	f, err := open(path)
	if err != nil {
		l.err = bare(err)
		return l
	}
	l.value, l.err = read(f)
	_ = f.Close() // it was only read
	return l
}

// inOrder loads files in parallel and takes the outcomes in the files' order.
func inOrder[T any](paths []string, each func(path string), load func(path string) T, take func(T)) {
	var queue []chan T
	for _, path := range paths {
		if len(queue) == runtime.GOMAXPROCS(0) {
			take(<-queue[0])
			queue = queue[1:]
		}
		if each != nil {
			each(path)
		}
		done := make(chan T, 1)
		go func() { done <- load(path) }()
		queue = append(queue, done)
	}
	for _, done := range queue {
		take(<-done)
	}
}

// bare removes what package os adds to an error of the system: the call and the path.
func bare(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
