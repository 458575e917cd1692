package report

import (
	"bytes"
	"io"
	"testing"

	"wsperf/stats"
)

// FuzzReadJSON: whatever is accepted is consistent, and the file written from
// it reads and writes again to the same bytes.
func FuzzReadJSON(f *testing.F) {
	for _, r := range []*stats.Result{complete(f), plainResult(f), failedResult(f), fullResult(f)} {
		f.Add(write(f, r))
	}
	f.Add([]byte(`{"schema":"wsperf/1","phases":{"open":{"success":{"count":-1}}}}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := ReadJSON(bytes.NewReader(data))
		if err != nil {
			return
		}
		if err := first.Check(); err != nil {
			t.Fatalf("accepted, but %v", err)
		}
		written := write(t, first)
		second, err := ReadJSON(bytes.NewReader(written))
		if err != nil {
			t.Fatalf("accepted, but not what was written from it: %v", err)
		}
		if again := write(t, second); !bytes.Equal(written, again) {
			t.Fatalf("written first:\n%s\nthen:\n%s", written, again)
		}
		if err := Text(io.Discard, first); err != nil {
			t.Fatal(err)
		}
	})
}
