package file

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

// resultFiles returns result files of both formats.
func resultFiles(t testing.TB) [][]byte {
	t.Helper()
	var files [][]byte
	for _, r := range []*stats.Result{example.Complete(), example.Plain(), example.Failed(), example.Full(), example.Secure(), example.Parts(2)} {
		files = append(files, write(t, r))
	}
	for _, name := range []string{"noclose.json", "one_conn.json", "refused.json"} {
		file, err := os.ReadFile(filepath.Join(ancestorDir, "edge", name))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// FuzzReadResult checks that an accepted result passes Check, and that the file written
// from it stays the same when it is read and written again. Read must not depend on how
// many bytes each call of its reader returns.
func FuzzReadResult(f *testing.F) {
	for _, file := range resultFiles(f) {
		f.Add(file)
		f.Add(file[:2*len(file)/3])
	}
	f.Add([]byte(`{"schema":"wsperf/1","phases":{"open":{"success":{"count":-1}}}}`))
	f.Add([]byte(`{"connection_stats":[{"\u006fpen":-0,"x":[{}],"close":1,"failed":true,"tcp_pre_init":1,"tcp_post_init":1}],"started":0}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := Read(bytes.NewReader(data))
		checkPieces(t, data, first, err)
		if first != nil {
			checkAccepted(t, first)
		}
	})
}

// FuzzReply checks that any bytes survive escapeReply and parseReply, and that
// parseReply refuses any text that escapeReply does not write.
func FuzzReply(f *testing.F) {
	f.Add([]byte(example.EvilReply))
	f.Add([]byte(escapeReply([]byte(example.EvilReply))))
	f.Add([]byte(`\x1B`))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = data[:min(len(data), stats.MaxReplyBytes)]
		if back, err := parseReply(escapeReply(data)); err != nil || !bytes.Equal(back, data) {
			t.Fatalf("%q was parsed as %q after escaping: %v", data, back, err)
		}
		if b, err := parseReply(string(data)); err == nil && escapeReply(b) != string(data) {
			t.Fatalf("%q was parsed as %q, which is escaped differently", data, b)
		}
	})
}

func checkAccepted(t *testing.T, first *stats.Result) {
	if err := first.Check(); err != nil {
		t.Fatalf("accepted, but %v", err)
	}
	written := write(t, first)
	second, err := Read(bytes.NewReader(written))
	if err != nil {
		t.Fatalf("accepted, but the file written from it is refused: %v", err)
	}
	if again := write(t, second); !bytes.Equal(written, again) {
		t.Fatalf("written first:\n%s\nwritten again:\n%s", written, again)
	}
}

// checkPieces reads data byte by byte, and with io.EOF beside the last bytes.
func checkPieces(t *testing.T, data []byte, want *stats.Result, wantErr error) {
	for _, rd := range []io.Reader{
		iotest.OneByteReader(bytes.NewReader(data)),
		iotest.DataErrReader(bytes.NewReader(data)),
	} {
		got, err := Read(rd)
		if fmt.Sprint(err) != fmt.Sprint(wantErr) || (got == nil) != (want == nil) {
			t.Fatalf("in pieces: %v, %v, at once: %v, %v", got, err, want, wantErr)
		}
		if want != nil && numbers(got) != numbers(want) {
			t.Fatalf("in pieces %v, at once %v", numbers(got), numbers(want))
		}
	}
}

// numbers returns the numbers of a result that depend on the records.
func numbers(r *stats.Result) [14]uint64 {
	n := [14]uint64{r.Total, r.Success, r.Fail, r.Unmeasured.Success, r.Unmeasured.Fail}
	for i, p := range []stats.Phase{stats.PhaseConnect, stats.PhaseOpen, stats.PhaseClose} {
		n[5+i] = uint64(r.Phases[p].Success.Max() + r.Phases[p].Failure.Max())
		n[8+i] = r.Phases[p].Overruns
		n[11+i] = r.Phases[p].LeftOut
	}
	return n
}
