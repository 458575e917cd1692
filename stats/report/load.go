package report

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
	Kept bool // the file is damaged, and what could be read of it is in the result
	Err  error
}

// Error is one line that names the file.
func (e *FileError) Error() string { return fmt.Sprintf("result file %s: %v", e.Path, e.Err) }

// Unwrap returns the error without the file's name.
func (e *FileError) Unwrap() error { return e.Err }

// Open opens a result file.
type Open func(path string) (io.ReadCloser, error)

func openFile(path string) (io.ReadCloser, error) { return os.Open(path) }

// LoadAll reads result files, of both forms and in any mix, and merges them in
// their order. each, which may be nil, is called in that order before a file is
// loaded; as many are loaded at the same time as there are CPUs for. There is at
// most one error, a *FileError, for each file; the others are merged without it,
// and of a damaged file what it still tells. The result is nil if that is nothing.
func LoadAll(paths []string, each func(path string)) (*stats.Result, []error) {
	return LoadAllFrom(openFile, paths, each)
}

// LoadAllFrom is LoadAll with another way to open a file.
func LoadAllFrom(open Open, paths []string, each func(path string)) (*stats.Result, []error) {
	var merged *stats.Result
	var errs []error
	load := func(path string) loaded[*stats.Result] { return loadFile(open, path, ReadJSON) }
	inOrder(paths, each, load, func(l loaded[*stats.Result]) {
		sum, err := addTo(merged, l.value)
		if err != nil {
			l = loaded[*stats.Result]{path: l.path, err: err}
		}
		merged = sum
		if l.err != nil {
			errs = append(errs, &FileError{Path: l.path, Kept: l.value != nil, Err: l.err})
		}
	})
	return merged, errs
}

// addTo merges file by file: a result has 1.5 MB of histograms, and there may be
// many files. With an error it returns what was merged before.
func addTo(merged, r *stats.Result) (*stats.Result, error) {
	switch {
	case r == nil:
		return merged, nil
	case merged == nil:
		return r, nil
	}
	sum, err := stats.MergeResults(merged, r)
	if err != nil {
		return merged, err
	}
	return sum, nil
}

// loaded is what came of a file. A damaged one has both value and error.
type loaded[T any] struct {
	path  string
	value T
	err   error
}

func loadFile[T any](open Open, path string, read func(io.Reader) (T, error)) loaded[T] {
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

// inOrder loads files in parallel, and takes what came of them in the files' order.
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

// Coverage says how many of the files are in what was reported, if it is not all
// of them. errs are those of loading them.
func Coverage(w io.Writer, files int, errs []error) error {
	lost, damaged := 0, 0
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
	if lost+damaged == 0 || lost == files {
		return nil
	}
	_, err := fmt.Fprintf(w, "\nOver %d of %d result files%s.\n", files-lost, files, damagedPart(damaged))
	return err
}

func damagedPart(damaged int) string {
	if damaged == 0 {
		return ""
	}
	return fmt.Sprintf(", of which %d damaged", damaged)
}
