package file

import (
	"bytes"
	"strings"
	"testing"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

func TestEscapeReply(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"HTTP/1.1 200 OK\r\n\tx\\y", `HTTP/1.1 200 OK\r\n\tx\\y`},
		{`<a href="x">'&`, `\x3ca href=\x22x\x22\x3e\x27\x26`},
		{"\x00\x1b[31m\x7f\x9b\u00e4", `\x00\x1b[31m\x7f\x9b\xc3\xa4`},
		{" ~", " ~"},
	} {
		if got := escapeReply([]byte(c.in)); got != c.want {
			t.Errorf("escapeReply(%q) = %s, want %s", c.in, got, c.want)
		}
	}
}

func TestEscapedReplyIsHarmlessAndReversible(t *testing.T) {
	all := example.EveryByte()
	for i := range all {
		for _, b := range [][]byte{all[i : i+1], append(all[i:i+1:i+1], 'a', '0', '\\')} {
			text := escapeReply(b)
			for _, c := range []byte(text) {
				if c < ' ' || c > '~' || strings.IndexByte(`"&'<>`, c) >= 0 {
					t.Errorf("escapeReply(%q) = %s, which has the byte %#x", b, text, c)
				}
			}
			if back, err := parseReply(text); err != nil || !bytes.Equal(back, b) {
				t.Errorf("%q was escaped as %s, and parsed as %q: %v", b, text, back, err)
			}
		}
	}
}

func TestParseReplyRefuses(t *testing.T) {
	for _, text := range []string{
		"\x1b", "\u00e4", "<", `"`, "'", "&", ">", "\r", // not escaped
		`\`, `\q`, `\x1`, `\xzz`, `\u00e4`, `\U0010ffff`, `\101`, `\"`, `\'`, `\a`, // not our escapes
		`\x1B`, `\x41`, `\x0d`, `\x5c`, // escapeReply writes these bytes differently
		strings.Repeat("x", longestEscape*stats.MaxReplyBytes+1),
	} {
		if b, err := parseReply(text); err == nil {
			t.Errorf("%.40q was parsed as %.40q, want an error", text, b)
		}
	}
}

func TestHostileReplyInTheFile(t *testing.T) {
	file := string(write(t, example.Hostile()))
	if want := `{"cause":"open_malformed","bytes":256,"reply":"\\x00\\x01`; !strings.Contains(file, want) {
		t.Errorf("no %s in\n%s", want, file)
	}
	_, samples, _ := strings.Cut(file, `"samples":[`)
	for _, c := range []byte(samples) {
		if (c < ' ' || c > '~') && c != '\n' || strings.IndexByte("<>&'", c) >= 0 {
			t.Errorf("the samples in the file have the byte %#x", c)
		}
	}
}

// TestAllSamplesAreRead reads the longest possible samples, which together exceed
// maxValueBytes.
func TestAllSamplesAreRead(t *testing.T) {
	rec := stats.NewRecorder(nil)
	rec.KeepReplies(stats.MaxSamples)
	for c := stats.CauseNone + 1; c < stats.NumCauses; c++ {
		for range stats.MaxSamples {
			example.RecordFailures(rec, c, 403)
			rec.Reply(c, bytes.Repeat([]byte{0xff}, 2*stats.MaxReplyBytes))
		}
	}
	r := example.Complete()
	r, err := stats.MergeResults(r, withSamples(t, rec))
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, r)
	if len(file) <= maxValueBytes {
		t.Errorf("the file has %d bytes, want more than maxValueBytes", len(file))
	}
	again, err := Read(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(write(t, again), file) {
		t.Error("the file written from the result that was read differs")
	}
}

// withSamples merges rec into a result with Setup.Samples at its maximum.
func withSamples(t *testing.T, rec *stats.Recorder) *stats.Result {
	t.Helper()
	r, err := stats.Merge(rec)
	if err != nil {
		t.Fatal(err)
	}
	r.Setup.Samples = stats.MaxSamples
	return r
}
