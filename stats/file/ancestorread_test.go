package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

const ancestorDir = "testdata/ancestor"

// fourOf returns the files of a run of the ancestor's driver with four workers.
func fourOf(dir string) (paths []string) {
	for i := range 4 {
		paths = append(paths, filepath.Join(ancestorDir, dir, fmt.Sprintf("result_%d.json", i)))
	}
	return paths
}

func readAncestor(t testing.TB, name string) []byte {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(ancestorDir, name))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestReadAncestor(t *testing.T) {
	tests := []struct {
		name               string
		success, fail      uint64
		throttled, resumed uint64
		length             time.Duration
		minUs, maxUs       int64 // of phase open
	}{
		{"wspp-4x500/result_0.json", 500, 0, 18, 19, 182587306, 420, 11105},
		{"edge/noclose.json", 6, 0, 2, 3, 5007712030, 195, 5515},
		{"edge/one_conn.json", 1, 0, 0, 1, 5529678, 950, 950},
		{"edge/refused.json", 0, 20, 6, 7, 1238106, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, err := Read(bytes.NewReader(readAncestor(t, test.name)))
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Check(); err != nil {
				t.Error(err)
			}
			got := []any{r.Total, r.Success, r.Fail, r.Unmeasured, r.Throttled, r.Resumed, r.Duration()}
			want := []any{test.success + test.fail, test.success, test.fail,
				stats.UnmeasuredResult{Success: test.success, Fail: test.fail}, test.throttled, test.resumed, test.length}
			if !slices.Equal(got, want) {
				t.Errorf("counts %v, want %v", got, want)
			}
			open := r.Phases[stats.PhaseOpen].Success
			if test.success > 0 && (!open.ValuesAreEquivalent(open.Min(), test.minUs) || !open.ValuesAreEquivalent(open.Max(), test.maxUs)) {
				t.Errorf("open %d to %d, want %d to %d", open.Min(), open.Max(), test.minUs, test.maxUs)
			}
		})
	}
}

func TestGarbageOfFailuresIsLeftOutAndCounted(t *testing.T) {
	r, err := Read(bytes.NewReader(readAncestor(t, "edge/refused.json")))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Phases[stats.PhaseConnect].Overruns; got != 20 {
		t.Errorf("%d overruns of connect, want 20", got)
	}
	open := &r.Phases[stats.PhaseOpen]
	if open.LeftOut != 20 || open.Underruns != 0 || open.Failure.TotalCount() != 0 {
		t.Errorf("open: %d values left out, %d underruns, %d failures, want 20, 0 and 0", open.LeftOut, open.Underruns, open.Failure.TotalCount())
	}
}

// TestNegativeDurations: a failed connection of the ancestor's files may have any. The sign
// depends on the clock, because the ancestor subtracts stamps in 32 bits.
func TestNegativeDurations(t *testing.T) {
	const head = `"total_duration":5,"started":1000,"ended":6000,"handshake_throttle_count":0,"handshake_resume_count":1,"connection_stats":[` +
		`{"tcp_pre_init":1,"tcp_post_init":2,"open":4,"close":5,"failed":false},`
	for _, key := range []string{"tcp_pre_init", "tcp_post_init", "open", "close"} {
		for _, failed := range []string{"false", "true"} {
			record := strings.Replace(`{"tcp_pre_init":1,"tcp_post_init":2,"open":4,"close":5,"failed":`+failed+`}]`, key+`":`, key+`":-`, 1)
			checkNegative(t, "{"+head+record, key, failed == "true") // damaged: a brace is missing
			checkNegative(t, "{"+head+record+"}", key, failed == "true")
		}
	}
}

// checkNegative reads an ancestor's file whose second record has a negative value of a key.
func checkNegative(t *testing.T, file, key string, failed bool) {
	t.Helper()
	r, err := Read(strings.NewReader(file))
	want := fmt.Sprintf(`key "connection_stats": record 2: %q is -`, key)
	switch {
	case !failed && (r != nil || err == nil || !strings.HasPrefix(err.Error(), want) ||
		!strings.HasSuffix(err.Error(), ", must be 0 or more unless the connection failed")):
		t.Errorf("%s of a success: error %v, want %s...", key, err, want)
	case failed && r == nil:
		t.Errorf("%s of a failure: %v", key, err)
	case failed:
		var leftOut uint64
		for p := range r.Phases {
			leftOut += r.Phases[p].LeftOut
		}
		if leftOut != 1 {
			t.Errorf("%s of a failure: %d values left out, want 1", key, leftOut)
		}
	}
}

// TestNegativeDurationBeforeTheSchema: a file is known as ours only at its key "schema", which
// can come after the records.
func TestNegativeDurationBeforeTheSchema(t *testing.T) {
	file := strings.TrimSpace(string(write(t, example.Full())))
	log := strings.Index(file, `"connection_stats"`)
	records := strings.Replace(strings.TrimSuffix(file[log:], "}"), `"close":0,"failed":true`, `"close":-7,"failed":true`, 1)
	last := "{" + records + "," + strings.TrimSuffix(strings.TrimSpace(file[1:log]), ",") + "}"
	want := `key "connection_stats": record 151: "close" is -7, must be 0 or more`
	if _, err := Read(strings.NewReader(last)); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// TestTruncatedAncestorKeepsItsRecords cuts a file at every byte.
func TestTruncatedAncestorKeepsItsRecords(t *testing.T) {
	file := readAncestor(t, "edge/noclose.json")
	logStart := bytes.IndexByte(file, '[')
	for n := 1; n < len(bytes.TrimSpace(file)); n++ {
		r, err := Read(bytes.NewReader(file[:n]))
		var damage *Damage
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("byte %d: unexpected end", n)) {
			t.Fatalf("%d bytes: error %v", n, err)
		}
		records := uint64(bytes.Count(file[:n], []byte("}")))
		switch {
		case r == nil && n > logStart:
			t.Fatalf("%d bytes: nothing kept", n)
		case r == nil:
		case !errors.As(err, &damage) || r.Total != records || damage.Records != records:
			t.Fatalf("%d bytes: %d connections, error %v, want %d", n, r.Total, err, records)
		case r.Duration() != 5007712030:
			t.Fatalf("%d bytes: duration %v", n, r.Duration())
		}
	}
}

func TestReadAncestorVariants(t *testing.T) {
	const head = `"total_duration":5,"started":1000,"ended":6000,"handshake_throttle_count":0,"handshake_resume_count":1`
	const log = `"connection_stats":[{"tcp_pre_init":1,"tcp_post_init":2,"open":4,"close":5,"failed":false}]`
	tests := []struct{ name, file, want string }{
		{"unchanged", "{" + head + "," + log + "}", ""},
		{"log first", "{" + log + "," + head + "}", ""},
		{"space", " {\n" + strings.NewReplacer(":", " :\t", ",", "\r\n, ", "[", "[ ", "}", " }").Replace(head+","+log) + "\n} \n", ""},
		{"unknown keys", `{"x":{"y":[1,{}]},` + head + "," + strings.Replace(log, `"open"`, `"tls":[{"open":7}],"open"`, 1) + "}", ""},
		{"no records", "{" + head + `,"connection_stats":[ ]}`, "total 0"},
		{"total_duration is not the window", "{" + strings.Replace(head, ":5,", ":4,", 1) + "," + log + "}", ""},
		{"nothing", "{}", `not a result file: it has neither key "schema" nor key "total_duration"`},
		{"other keys only", `{"a":1}`, `not a result file: it has neither`},
		{"no log", "{" + head + "}", `key "connection_stats" is missing`},
		{"log alone", "{" + log + "}", `key "total_duration" is missing`},
		{"log twice", "{" + head + "," + log + "," + log + "}", `duplicate key "connection_stats"`},
		{"time runs back", "{" + strings.Replace(head, "6000", "600", 1) + "," + log + "}", `1000 to 600 is not a span of time`},
		{"negative count", "{" + strings.Replace(head, `resume_count":1`, `resume_count":-1`, 1) + "," + log + "}", `cannot unmarshal number -1`},
		{"no array", "{" + head + `,"connection_stats":7}`, "0 records read, the rest is lost"},
		{"comma at the end", "{" + head + "," + strings.Replace(log, "]", ",]", 1) + "}", "1 records read, the rest is lost"},
		{"not JSON", "hello", `not a result file: byte 0: 'h' where { is needed`},
		{"empty", "", `not a result file: byte 0: unexpected end`},
		{"space alone", " \n", `not a result file: byte 2: unexpected end`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, err := Read(strings.NewReader(test.file))
			switch {
			case test.want == "total 0" && err == nil && r.Total == 0:
			case test.want != "" && err != nil && strings.Contains(err.Error(), test.want):
			case test.want != "" || err != nil:
				t.Errorf("error %v, want %q", err, test.want)
			case r.Total != 1 || r.Phases[stats.PhaseConnect].Success.Max() != 3 || r.Phases[stats.PhaseClose].Success.Max() != 5:
				t.Errorf("result %+v", r)
			}
		})
	}
}

// synthetic yields an ancestor's file in which no two adjacent records are equal.
type synthetic struct {
	left    int // blocks of 1000 records not yet read
	pending []byte
	block   []byte // each of its records ends with a comma
}

const syntheticHead = `{"total_duration":182587,"started":1795441345369333442,"ended":1795441345551920748,` +
	`"handshake_throttle_count":18,"handshake_resume_count":19,"connection_stats":[`

// newSynthetic makes a file of blocks*1000 records. The bytes are made once, so a read
// costs only a copy.
func newSynthetic(blocks int) *synthetic {
	s := &synthetic{left: blocks, pending: []byte(syntheticHead)}
	for i := range 1000 {
		s.block = append(s.block, `{"tcp_pre_init":`...)
		s.block = strconv.AppendInt(s.block, int64(1000+7*i), 10)
		s.block = append(s.block, `,"tcp_post_init":1,"open":`...)
		s.block = strconv.AppendInt(s.block, int64(3267+13*i), 10)
		s.block = append(s.block, `,"close":`...)
		s.block = strconv.AppendInt(s.block, int64(200+11*i), 10)
		s.block = append(s.block, `,"failed":false},`...)
	}
	return s
}

func (s *synthetic) size() int64 {
	return int64(len(syntheticHead)+s.left*len(s.block)) + 1
}

// Read implements io.Reader.
func (s *synthetic) Read(p []byte) (int, error) {
	for len(s.pending) == 0 {
		switch {
		case s.left > 1:
			s.pending = s.block
		case s.left == 1:
			s.pending = s.block[:len(s.block)-1]
		case s.left == 0:
			s.pending = []byte("]}")
		default:
			return 0, io.EOF
		}
		s.left--
	}
	n := copy(p, s.pending)
	s.pending = s.pending[n:]
	return n, nil
}

// BenchmarkReadAncestor reads an ancestor's file with a million records, 85 MB.
func BenchmarkReadAncestor(b *testing.B) {
	b.SetBytes(newSynthetic(1000).size())
	b.ReportAllocs()
	for b.Loop() {
		r, err := Read(newSynthetic(1000))
		if err != nil || r.Total != 1_000_000 {
			b.Fatal(r, err)
		}
	}
}

// BenchmarkReadOurs reads a wsperf/1 file with a million records.
func BenchmarkReadOurs(b *testing.B) {
	file := ownWithLog(b, 1_000_000)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		if r, err := Read(bytes.NewReader(file)); err != nil || r.Total != 1_000_000 {
			b.Fatal(r, err)
		}
	}
}

func ownWithLog(t testing.TB, records int) []byte {
	rec := stats.NewRecorder(stats.NewConnLog(int64(records)))
	for i := range records {
		rec.Start()
		rec.Success(&stats.Sample{Ns: [stats.NumPhases]int64{31_000, int64(i%5000) * 1000, 700_000, 1, 2}, Reached: example.AllReached})
		rec.Fin(stats.FinReceived)
	}
	return write(t, example.Complete(rec))
}

// TestMemoryIsConstant reads 8.5 MB and 85 MB, and compares what both allocate.
func TestMemoryIsConstant(t *testing.T) {
	taken := func(blocks int) uint64 {
		rd := newSynthetic(blocks)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := Read(rd)
		runtime.ReadMemStats(&after)
		if err != nil || r.Total != uint64(blocks)*1000 {
			t.Fatalf("result %v, error %v", r, err)
		}
		return after.TotalAlloc - before.TotalAlloc
	}
	const slack = 256 << 10 // allocations of the runtime
	if small, large := taken(100), taken(1000); large > small+slack {
		t.Errorf("%d bytes allocated for 100000 records, %d for 1000000", small, large)
	}
}
