package report

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"wsperf/stats/file"
	"wsperf/stats/internal/example"
)

// fuzzed returns the inputs that were found when the reader of result files was fuzzed.
func fuzzed(t testing.TB) (inputs [][]byte) {
	t.Helper()
	paths, err := filepath.Glob("../file/testdata/fuzz/FuzzReadResult/*")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d inputs: %v", len(paths), err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), "[]byte(")
		input, err := strconv.Unquote(strings.TrimSuffix(rest, ")\n"))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		inputs = append(inputs, []byte(input))
	}
	return inputs
}

// FuzzFormats checks that every result that a file can hold can be written in every format, in
// printable ASCII.
func FuzzFormats(f *testing.F) {
	for _, r := range results() {
		f.Add([]byte(as(f, FormatJSON, r)))
	}
	f.Add([]byte(as(f, FormatJSON, example.CatchAll())))
	for _, input := range fuzzed(f) {
		f.Add(input)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, _ := file.Read(bytes.NewReader(data))
		if r == nil {
			return
		}
		for _, name := range textFormats() {
			if text := as(t, name, r); name != FormatText { // a sentence may say inf
				checkPrintable(t, name, text)
			}
		}
		readLog(t, as(t, "hlog", r))
	})
}
