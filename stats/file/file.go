package file

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"wsperf/stats"
)

const logKey = "connection_stats"

// Optional keys: samplesKey is in a file only when there are samples, errnosKey when a
// catch-all cause was charged, loadKey and loadedKey unless that is unknown,
// requirementsKey when the run had requirements, intervalsKey when it recorded intervals,
// provenanceKey unless nothing is known of it, countersKey unless nothing tried to count,
// kernelKey and machineKey when they were observed, partsKey when the run was in parts, omittedKey
// when something was too much for a merged result, testeeCostKey and verdictKey in all
// but older files, calibrationKey when there was a calibration, tlsKey when the run used TLS.
const (
	samplesKey      = "samples"
	errnosKey       = "errnos"
	loadKey         = "load"
	loadedKey       = "loaded"
	requirementsKey = "requirements"
	intervalsKey    = "intervals"
	provenanceKey   = "provenance"
	countersKey     = "counters"
	testeeCostKey   = "testee_cost"
	verdictKey      = "verdict"
	calibrationKey  = "calibration"
	kernelKey       = "kernel"
	machineKey      = "machine"
	tlsKey          = "tls"
	partsKey        = "parts"
	omittedKey      = "omitted"
	loopsKey        = "loops" // required
)

// ancestorKeys are the keys of an ancestor's file in their order, all required.
var ancestorKeys = []string{
	"total_duration", "started", "ended", "handshake_throttle_count", "handshake_resume_count", logKey,
}

// fileReader reads the top level of a result file into doc, and passes the records of
// connection_stats to onRecord.
type fileReader struct {
	scan     *scanner
	doc      document
	targets  map[string]target
	required []string                              // keys of targets that are not optional
	lists    map[string]func(element []byte) error // keys whose value is read element by element
	seen     map[string]bool                       // keys of targets and lists, and connection_stats
	whole    map[string]bool                       // keys of lists that were read to their end
	onRecord func(*record)                         // called for each complete record
}

func newFileReader(rd io.Reader, onRecord func(*record)) *fileReader {
	f := &fileReader{scan: newScanner(rd), seen: make(map[string]bool), whole: make(map[string]bool), onRecord: onRecord}
	f.targets = f.doc.targets()
	f.doc.loops = []stats.LoopResult{} // an empty list, as it is written
	f.lists = f.doc.lists()
	for key, target := range f.targets {
		if !target.optional {
			f.required = append(f.required, key)
		}
	}
	f.required = append(f.required, loopsKey)
	slices.Sort(f.required)
	return f
}

// ours reports whether the file is in the format stats.Schema. Until its key "schema"
// is read, it counts as an ancestor's file.
func (f *fileReader) ours() bool { return f.seen["schema"] }

// topLevel reads the JSON object of the file and its end.
func (f *fileReader) topLevel() error {
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
		return f.scan.fail(errors.New("unexpected data after the result"))
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
		return fmt.Errorf("duplicate key %q", clip(key))
	}
	target, known := f.targets[key]
	switch add := f.lists[key]; {
	case key == logKey:
		f.seen[key] = true
		return f.records()
	case add != nil:
		f.seen[key] = true
		return f.elements(key, add)
	case !known:
		_, err := f.scan.value()
		return err
	}
	return f.field(key, target.value)
}

// field reads the value of a key into target. The key is seen once its value is
// complete.
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
	r := new(record) // reused: calling onRecord moves it to the heap
	for {
		more, err := f.scan.more(f.doc.records, ']')
		if err != nil || !more {
			return err
		}
		if err := f.scan.record(r); err != nil {
			return err
		}
		f.doc.records++
		f.doc.addSigns(r)
		f.onRecord(r)
	}
}

// elements reads the elements of a list one by one, because all together can exceed
// maxValueBytes.
func (f *fileReader) elements(key string, add func(element []byte) error) error {
	if err := f.scan.open('['); err != nil {
		return err
	}
	for n := uint64(0); ; n++ {
		more, err := f.scan.more(n, ']')
		if err != nil {
			return err
		}
		if !more {
			f.whole[key] = true
			return nil
		}
		value, err := f.scan.value()
		if err != nil {
			return err
		}
		if err := add(value); err != nil {
			return fmt.Errorf("key %q: %w", key, err)
		}
	}
}

// missing returns the first required key that was not read, or "".
func (f *fileReader) missing() string {
	keys := f.required
	if !f.ours() {
		keys = ancestorKeys
	}
	for _, key := range keys {
		if !f.seen[key] || f.lists[key] != nil && !f.whole[key] {
			return key
		}
	}
	return ""
}

// clip shortens a key of a file for an error message.
func clip(key string) string {
	const most = 40
	if len(key) > most {
		return key[:most] + "..."
	}
	return key
}
