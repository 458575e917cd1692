package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"wsperf/stats"
)

// maxValueBytes bounds one value of the top level, or one record of
// connection_stats, in bytes of the file. The largest value is phases: ten
// histograms of less than 300 kB.
const maxValueBytes = 4 << 20

// ReadJSON reads a result file of the form stats.Schema. It takes nothing on
// trust: it refuses other forms, counts that are negative or disagree with each
// other or with the histograms, and values that are too long. Keys that it does
// not know are skipped. connection_stats is checked and counted but not kept, in
// bounded memory: the result has no Log. The error names the key, and for a file
// that is cut off or no JSON the byte.
func ReadJSON(rd io.Reader) (*stats.Result, error) {
	m := &meter{rd: rd}
	f := &fileReader{dec: json.NewDecoder(m), meter: m, seen: make(map[string]bool)}
	f.fields = f.doc.fields()
	if err := f.file(); err != nil {
		return nil, f.locate(err)
	}
	for key := range f.fields {
		if !f.seen[key] {
			return nil, fmt.Errorf("key %q is missing", key)
		}
	}
	return f.doc.result()
}

type fileReader struct {
	dec    *json.Decoder
	meter  *meter
	doc    document
	fields map[string]any  // where the value of a key goes
	seen   map[string]bool // keys of fields, and connection_stats
}

func (f *fileReader) file() error {
	f.meter.allow(maxValueBytes)
	if err := f.expect(json.Delim('{')); err != nil {
		return err
	}
	for f.more() {
		if err := f.member(); err != nil {
			return err
		}
	}
	if err := f.expect(json.Delim('}')); err != nil {
		return err
	}
	return f.end()
}

// more grants the next value its bytes.
func (f *fileReader) more() bool {
	f.meter.allow(maxValueBytes)
	return f.dec.More()
}

func (f *fileReader) expect(want json.Delim) error {
	got, err := f.dec.Token()
	if err == nil && got != want {
		err = fmt.Errorf("%v where %v is needed", got, want)
	}
	return err
}

func (f *fileReader) end() error {
	_, err := f.dec.Token()
	switch {
	case err == io.EOF:
		return nil
	case err == nil:
		return errors.New("there is more behind the result")
	}
	return err
}

func (f *fileReader) member() error {
	token, err := f.dec.Token()
	if err != nil {
		return err
	}
	key, _ := token.(string) // the decoder accepts nothing else here
	if err := f.value(key); err != nil {
		return fmt.Errorf("key %q: %w", clip(key), err)
	}
	return nil
}

func (f *fileReader) value(key string) error {
	target, known := f.fields[key]
	if !known && key != "connection_stats" {
		return f.dec.Decode(new(json.RawMessage))
	}
	if f.seen[key] {
		return errors.New("is there twice")
	}
	f.seen[key] = true
	if key == "connection_stats" {
		return f.records()
	}
	if err := f.dec.Decode(target); err != nil {
		return err
	}
	return f.doc.checkSchema(key)
}

// records reads connection_stats record by record.
func (f *fileReader) records() error {
	if err := f.expect(json.Delim('[')); err != nil {
		return err
	}
	f.doc.hasLog = true
	for f.more() {
		var c connShape
		if err := f.dec.Decode(&c); err != nil {
			return fmt.Errorf("record %d: %w", f.doc.records, err)
		}
		f.doc.records++
	}
	return f.expect(json.Delim(']'))
}

// locate adds the place in the file to an error of the decoder. The text of a
// file that ends too early ends where the reader ended.
func (f *fileReader) locate(err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the file is cut off at byte %d", f.meter.total)
	case errors.As(err, &syntax):
		return fmt.Errorf("no valid JSON behind byte %d: %w", f.dec.InputOffset(), err)
	}
	return err
}

// clip keeps a key from a file short enough for an error message.
func clip(key string) string {
	const most = 40
	if len(key) > most {
		return key[:most] + "..."
	}
	return key
}

// meter hands on the bytes of rd as long as they are allowed. json.Decoder
// keeps one whole value in memory, so this bounds what a file can make it take.
type meter struct {
	rd    io.Reader
	total int64 // bytes read so far
	left  int   // bytes still allowed
}

func (m *meter) allow(n int) { m.left = n }

// Read implements io.Reader.
func (m *meter) Read(p []byte) (int, error) {
	if m.left == 0 {
		return 0, fmt.Errorf("longer than %d bytes", maxValueBytes)
	}
	n, err := m.rd.Read(p[:min(len(p), m.left)])
	m.total += int64(n)
	m.left -= n
	return n, err
}
