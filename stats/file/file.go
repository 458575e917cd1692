package file

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

const logKey = "connection_stats"

// samplesKey is in a file only when there are samples.
const samplesKey = "samples"

// ancestorKeys are all that the ancestor's files have. They come in this order.
var ancestorKeys = []string{
	"total_duration", "started", "ended", "handshake_throttle_count", "handshake_resume_count", logKey,
}

// fileReader reads the top level of a result file into doc, and hands on the
// records of connection_stats.
type fileReader struct {
	scan    *scanner
	doc     document
	targets map[string]target
	needed  []string        // keys of targets that are not optional
	seen    map[string]bool // keys of targets, samples and connection_stats
	each    func(*record)   // called for each record that is whole
}

func newFileReader(rd io.Reader, each func(*record)) *fileReader {
	f := &fileReader{scan: newScanner(rd), seen: make(map[string]bool), each: each}
	f.targets = f.doc.targets()
	for key, target := range f.targets {
		if !target.optional {
			f.needed = append(f.needed, key)
		}
	}
	slices.Sort(f.needed)
	return f
}

// ours tells whether the file is of the form stats.Schema.
func (f *fileReader) ours() bool { return f.seen["schema"] }

// file reads all of it.
func (f *fileReader) file() error {
	if err := f.scan.open('{'); err != nil {
		return err
	}
	for n := uint64(0); ; n++ {
		more, err := f.scan.more(n, '}')
		if err != nil {
			return err
		}
		if !more {
			return f.end()
		}
		if err := f.member(); err != nil {
			return err
		}
	}
}

func (f *fileReader) end() error {
	f.scan.next()
	switch _, more := f.scan.peek(); {
	case more:
		return f.scan.fail(errors.New("there is more behind the result"))
	case f.scan.err != io.EOF:
		return f.scan.unexpected("")
	}
	return nil
}

func (f *fileReader) member() error {
	name, err := f.scan.key()
	if err != nil {
		return err
	}
	key := string(name)
	if f.seen[key] {
		return fmt.Errorf("key %q: is there twice", clip(key))
	}
	target, known := f.targets[key]
	switch {
	case key == logKey:
		f.seen[key] = true
		return f.records()
	case key == samplesKey:
		f.seen[key] = true
		return f.samples()
	case !known:
		_, err := f.scan.value()
		return err
	}
	return f.field(key, target.value)
}

// field reads the value of a key. It is seen when it is whole.
func (f *fileReader) field(key string, target any) error {
	value, err := f.scan.value()
	if err != nil {
		return err
	}
	f.seen[key] = true
	if err = json.Unmarshal(value, target); err == nil {
		err = f.doc.checkSchema(key)
	}
	if err != nil {
		return fmt.Errorf("key %q: %w", key, err)
	}
	return nil
}

// records reads connection_stats record by record.
func (f *fileReader) records() error {
	if err := f.scan.open('['); err != nil {
		return err
	}
	f.doc.hasLog = true
	r := new(record) // one for all: each makes it live on the heap
	for {
		more, err := f.scan.more(f.doc.records, ']')
		if err != nil || !more {
			return err
		}
		if err := f.scan.record(r); err != nil {
			return err
		}
		f.doc.records++
		f.each(r)
	}
}

// samples reads the failing replies one by one: all of them can be more than a
// value may be.
func (f *fileReader) samples() error {
	if err := f.scan.open('['); err != nil {
		return err
	}
	for n := uint64(0); ; n++ {
		more, err := f.scan.more(n, ']')
		if err != nil || !more {
			return err
		}
		value, err := f.scan.value()
		if err != nil {
			return err
		}
		if err := f.doc.addSample(value); err != nil {
			return fmt.Errorf("key %q: %w", samplesKey, err)
		}
	}
}

// missing returns the first key that is needed and was not read.
func (f *fileReader) missing() string {
	if !f.ours() {
		return firstMissing(ancestorKeys, f.seen)
	}
	return firstMissing(f.needed, f.seen)
}

func firstMissing(keys []string, seen map[string]bool) string {
	for _, key := range keys {
		if !seen[key] {
			return key
		}
	}
	return ""
}

// clip keeps a key from a file short enough for an error message.
func clip(key string) string {
	const most = 40
	if len(key) > most {
		return key[:most] + "..."
	}
	return key
}
