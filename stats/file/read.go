package file

import (
	"errors"
	"fmt"
	"io"

	"wsperf/stats"
)

// Damage is what is wrong with a result file that is cut off, cannot be read to
// its end, or is no valid JSON from some byte on.
type Damage struct {
	Byte    int64  // place in the file, counted from 0
	Err     error  // what is wrong there
	Records uint64 // of connection_stats that are whole and come before
	Lost    string // what that means
}

// Error tells where, what, and what is lost.
func (d *Damage) Error() string {
	return fmt.Sprintf("damaged at byte %d: %v; %s", d.Byte, d.Err, d.Lost)
}

// Unwrap returns what is wrong, without the place.
func (d *Damage) Unwrap() error { return d.Err }

// Read reads a result file in constant memory, whatever its size: one of
// the form stats.Schema, or one of wsperf's ancestor, which has nothing but a
// window, two counts and connection_stats; its result counts all connections as
// unmeasured. Keys that it does not know are skipped. The result has no Log.
//
// It takes nothing on trust: it refuses other forms, counts that are negative or
// disagree with each other or with the histograms, and values that are too long.
// Of a damaged file it returns what is whole, beside a *Damage: the counts and
// histograms of ours, and the records of the ancestor's.
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
	if damage != nil { // a nil *Damage would be no nil error
		return r, damage
	}
	return r, nil
}

// result makes the result of the file. Of a log that is not whole only the
// records count.
func (f *fileReader) result(tally *stats.Tally, damaged bool) (*stats.Result, error) {
	if !f.ours() {
		return f.doc.ancestorResult(tally)
	}
	if damaged {
		f.doc.hasLog = false
	}
	return f.doc.result()
}

// read reads all of the file. The error is for one that has no result; the
// damage is for one that still has some.
func (f *fileReader) read() (*Damage, error) {
	err := f.file()
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

// incomplete makes the error for valid JSON without a key that is needed.
func (f *fileReader) incomplete(missing string) error {
	if !f.ours() && len(f.seen) == 0 {
		return fmt.Errorf("no result file: it has neither key \"schema\" nor key %q", missing)
	}
	return fmt.Errorf("key %q is missing", missing)
}

// useless makes the error for a damaged file without a key that is needed.
func (f *fileReader) useless(syntax *syntaxError, missing string) error {
	if len(f.seen) > 0 {
		return &Damage{syntax.offset, syntax.err, f.doc.records, fmt.Sprintf("all is lost, as there is no %q before", missing)}
	}
	if err := f.scan.err; err != nil && err != io.EOF {
		return bare(err) // such as for a directory
	}
	return fmt.Errorf("no result file: %w", syntax)
}

func (f *fileReader) lost() string {
	records := fmt.Sprintf("%d records read, the rest is lost", f.doc.records)
	const whole = "counts and histograms are whole"
	switch {
	case !f.ours():
		return records
	case !f.doc.hasLog:
		return whole
	}
	return records + ", " + whole
}
