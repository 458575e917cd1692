package file

import (
	"errors"
	"fmt"
	"io"

	"wsperf/stats"
)

// Damage is the error of a result file that is truncated, cannot be read to its end,
// or is not valid JSON from some byte on.
type Damage struct {
	Byte    int64  // offset in the file, from 0
	Err     error  // what is wrong at that offset
	Records uint64 // complete records of connection_stats before it
	Lost    string // text: which part of the file is usable and which is lost
}

// Error returns the offset, what is wrong there, and what is lost, in one line.
func (d *Damage) Error() string {
	return fmt.Sprintf("damaged at byte %d: %v; %s", d.Byte, d.Err, d.Lost)
}

// Unwrap returns what is wrong, without the offset.
func (d *Damage) Unwrap() error { return d.Err }

// Read reads a result file in constant memory, whatever its size. The file is in the
// format stats.Schema, or in that of wsperf's ancestor, which has only a measured
// window, two counts and connection_stats. All connections of an ancestor's file count
// as unmeasured. Unknown keys are skipped. The result has no Log.
//
// Read refuses other formats, values that are too long, negative durations, and counts that
// are negative or disagree with each other or with the histograms. It accepts a negative
// duration of a failed connection in an ancestor's file, and leaves it out (stats.Tally):
// the ancestor computed it from a stamp that it never set. For a damaged file it returns
// both a *Damage and the intact part: the counts and histograms of our format, the
// records of the ancestor's.
func Read(rd io.Reader) (*stats.Result, error) {
	tally := stats.NewTally()
	f := newFileReader(rd, func(r *record) { tally.Add(r.timing()) })
	damage, err := f.read()
	if err != nil {
		return nil, err
	}
	r, err := f.result(tally, damage != nil)
	if err != nil {
		return nil, err
	}
	if damage != nil { // a nil *Damage in an error is not nil
		return r, damage
	}
	return r, nil
}

// result makes the result of the file. The records of a damaged file may be
// incomplete, so their number is not compared with the total then.
func (f *fileReader) result(tally *stats.Tally, damaged bool) (*stats.Result, error) {
	if !f.ours() {
		return f.doc.ancestorResult(tally)
	}
	if damaged {
		f.doc.hasLog = false
		f.doc.dropPartial(f.whole)
	}
	return f.doc.result()
}

// errNoResult is the error of a text that has nothing of a result file.
var errNoResult = errors.New("not a result file")

// read reads the whole file. It returns a *Damage if the file is damaged but all
// required keys come before that, and an error if no result can be made of the file.
func (f *fileReader) read() (*Damage, error) {
	err := f.topLevel()
	var syntax *syntaxError
	if err != nil && !errors.As(err, &syntax) {
		return nil, err
	}
	missing := f.missing()
	switch {
	case missing == "" && err == nil:
		return nil, nil
	case missing == "":
		return &Damage{syntax.offset, syntax.err, f.doc.records, f.lost()}, nil
	case err == nil:
		return nil, f.incomplete(missing)
	}
	return nil, f.useless(syntax, missing)
}

// incomplete makes the error for valid JSON without a required key.
func (f *fileReader) incomplete(missing string) error {
	if !f.ours() && len(f.seen) == 0 {
		return fmt.Errorf("%w: it has neither key \"schema\" nor key %q", errNoResult, missing)
	}
	return fmt.Errorf("key %q is missing", missing)
}

// useless makes the error for a file that is damaged before a required key.
func (f *fileReader) useless(syntax *syntaxError, missing string) error {
	if len(f.seen) > 0 {
		return &Damage{syntax.offset, syntax.err, f.doc.records, fmt.Sprintf("nothing is usable, as key %q is missing", missing)}
	}
	if err := f.scan.err; err != nil && err != io.EOF {
		return bare(err) // a read error, such as EISDIR
	}
	return fmt.Errorf("%w: %w", errNoResult, syntax)
}

func (f *fileReader) lost() string {
	records := fmt.Sprintf("%d records read, the rest is lost", f.doc.records)
	const intact = "counts and histograms are intact"
	switch {
	case !f.ours():
		return records
	case !f.doc.hasLog:
		return intact
	}
	return records + ", " + intact
}
