package file

import (
	"fmt"
	"io"
	"slices"

	"wsperf/stats"
)

// Stdin is the path of standard input.
const Stdin = "-"

// Input is result files of both formats, and perhaps a text with results.
type Input struct {
	Paths []string
	Text  io.Reader // of path Stdin, which is at most once in Paths
}

// Found is what an Input had.
type Found struct {
	Results int     // with those that could not be used
	Skipped int     // lines of the text that are no result
	Errs    []error // each is a *FileError; a result has at most one
}

// Each passes results to take in their order, with a name for messages: files as LoadAll does, and
// in their place those of the text. A result of a text is in one line or in several, and other lines
// are skipped. A result that take refuses is left out.
func (in *Input) Each(take func(name string, r *stats.Result) error) (f Found) {
	paths, after, text := in.Paths, []string(nil), false
	if at := slices.Index(paths, Stdin); at >= 0 {
		paths, after, text = paths[:at], paths[at+1:], true
	}
	f.addFiles(paths, take)
	if text {
		f.addText(in.Text, take)
	}
	f.addFiles(after, take)
	return f
}

func (f *Found) addFiles(paths []string, take func(string, *stats.Result) error) {
	f.Results += len(paths)
	f.Errs = append(f.Errs, loadInOrder(openFile, paths, nil, Read, take)...)
}

func (f *Found) addText(rd io.Reader, take func(string, *stats.Result) error) {
	t, before := newTextReader(rd), f.Results
	for {
		r, line, err := t.next()
		if err == io.EOF {
			break
		}
		f.Results++
		f.addError(loaded[stats.Result]{path: textName(line), value: r, err: err}.give(take))
		if t.broken {
			break
		}
	}
	f.Skipped = t.skipped
	if f.Results == before {
		f.Results++
		f.addError(&FileError{Path: Stdin, Err: fmt.Errorf("%w: no line of it begins a result", errNoResult)})
	}
}

func (f *Found) addError(err error) {
	if err != nil {
		f.Errs = append(f.Errs, err)
	}
}

// textName names a result by its first line.
func textName(line int) string {
	if line == 1 {
		return Stdin
	}
	return fmt.Sprintf("%s, line %d", Stdin, line)
}
