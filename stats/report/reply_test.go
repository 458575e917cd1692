package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"wsperf/stats"
)

// everyByte has each byte once.
func everyByte() []byte {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return all
}

func TestEscapeReply(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"HTTP/1.1 200 OK\r\n\tx\\y", `HTTP/1.1 200 OK\r\n\tx\\y`},
		{`<a href="x">'&`, `\x3ca href=\x22x\x22\x3e\x27\x26`},
		{"\x00\x1b[31m\x7f\x9b\u00e4", `\x00\x1b[31m\x7f\x9b\xc3\xa4`},
		{" ~", " ~"},
	} {
		if got := escapeReply([]byte(c.in)); got != c.want {
			t.Errorf("%q became %s, want %s", c.in, got, c.want)
		}
	}
}

func TestEscapedReplyIsHarmlessAndWhole(t *testing.T) {
	all := everyByte()
	for i := range all {
		for _, b := range [][]byte{all[i : i+1], append(all[i:i+1:i+1], 'a', '0', '\\')} {
			text := escapeReply(b)
			for _, c := range []byte(text) {
				if c < ' ' || c > '~' || strings.IndexByte(`"&'<>`, c) >= 0 {
					t.Errorf("%q became %s", b, text)
				}
			}
			if back, err := parseReply(text); err != nil || !bytes.Equal(back, b) {
				t.Errorf("%q became %s, and that %q: %v", b, text, back, err)
			}
		}
	}
}

func TestParseReplyRefuses(t *testing.T) {
	for _, text := range []string{
		"\x1b", "\u00e4", "<", `"`, "'", "&", ">", "\r", // not escaped
		`\`, `\q`, `\x1`, `\xzz`, `\u00e4`, `\U0010ffff`, `\101`, `\"`, `\'`, `\a`, // no escapes of ours
		`\x1B`, `\x41`, `\x0d`, `\x5c`, // another way to write it
		strings.Repeat("x", longestEscape*stats.MaxReplyBytes+1),
	} {
		if b, err := parseReply(text); err == nil {
			t.Errorf("%.40q is taken for %.40q", text, b)
		}
	}
}

func TestSampleLines(t *testing.T) {
	reply := func(text string, total int) stats.Reply { return stats.Reply{Bytes: []byte(text), Total: total} }
	x := func(n int) string { return strings.Repeat("x", n) }
	for _, c := range []struct {
		name string
		kept []stats.Reply
		want []string
	}{
		{"none", nil, nil},
		{"one byte", []stats.Reply{reply(`"`, 1)}, []string{`"\"" (1 byte)`}},
		{"the same once", []stats.Reply{reply("a\n", 2), reply("b", 1), reply("a\n", 2)}, []string{`"a\n" (2 bytes, 2 samples)`, `"b" (1 byte)`}},
		{"the same beginning", []stats.Reply{reply("a", 7), reply("a", 8)}, []string{`"a"... (7 bytes)`, `"a"... (8 bytes)`}},
		{"longest whole", []stats.Reply{reply(x(78), 78)}, []string{`"` + x(78) + `" (78 bytes)`}},
		{"one too long", []stats.Reply{reply(x(79), 79), reply(x(80), 80)}, []string{`"` + x(78) + `"... (79 bytes)`, `"` + x(78) + `"... (80 bytes)`}},
		{"line by line", []stats.Reply{reply(x(40)+"\r\n"+x(39)+"\r\n\r\n", 85)}, []string{`"` + x(40) + `\r\n"`, `"` + x(39) + `\r\n"`, `"\r\n" (85 bytes)`}},
		{"a long line among others", []stats.Reply{reply(x(79)+"\n"+x(5), 85)}, []string{`"` + x(78) + `"...`, `"xxxxx" (85 bytes)`}},
		{"lines and more", []stats.Reply{reply("a\nb", 600)}, []string{`"a\n"`, `"b"... (600 bytes)`}},
		{"a last line that is long, and more", []stats.Reply{reply("a\n"+x(90), 600)}, []string{`"a\n"`, `"` + x(77) + `"... (600 bytes)`}},
		{"as many lines as are shown", []stats.Reply{reply(strings.Repeat("aaaaaa\n", 12), 84)}, append(slices.Repeat([]string{`"aaaaaa\n"`}, 11), `"aaaaaa\n" (84 bytes)`)},
		{"a line too many", []stats.Reply{reply(strings.Repeat("aaaaaa\n", 13), 91)}, append(slices.Repeat([]string{`"aaaaaa\n"`}, 11), `"aaaaaa\n"... (91 bytes)`)},
		{"no half of an escape", []stats.Reply{reply(x(77)+"\x1b", 78)}, []string{`"` + x(77) + `"... (78 bytes)`}},
	} {
		var want []string
		for _, line := range c.want {
			want = append(want, "      "+line)
		}
		if got := samples(c.kept); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// TestHostileReplyInReportAndFile lets a testee say every byte there is.
func TestHostileReplyInReportAndFile(t *testing.T) {
	rec := stats.NewRecorder(nil)
	rec.KeepReplies(3)
	recordFailures(rec, stats.CauseOpenMalformed, 0, 0)
	rec.Reply(stats.CauseOpenMalformed, everyByte())
	rec.Reply(stats.CauseOpenMalformed, everyByte()[128:])
	r := complete(t, rec)
	r.Setup.Sources = []string{"fe80::1%\x1b[2J\u00e4", "\x1b[2J"}
	for _, c := range []byte(text(t, r)) {
		if (c < ' ' || c > '~') && c != '\n' {
			t.Errorf("the report has the byte %#x", c)
		}
	}
	file := string(write(t, r))
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

// TestAllSamplesAreRead has as many and as long replies as there can be: more
// than one value of a file may have.
func TestAllSamplesAreRead(t *testing.T) {
	rec := stats.NewRecorder(nil)
	rec.KeepReplies(stats.MaxSamples)
	for c := stats.CauseNone + 1; c < stats.NumCauses; c++ {
		for range stats.MaxSamples {
			recordFailures(rec, c, 403)
			rec.Reply(c, bytes.Repeat([]byte{0xff}, 2*stats.MaxReplyBytes))
		}
	}
	r := complete(t)
	r, err := stats.MergeResults(r, withSamples(t, rec))
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, r)
	if len(file) <= maxValueBytes {
		t.Errorf("%d bytes are not many", len(file))
	}
	again, err := ReadJSON(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(write(t, again), file) {
		t.Error("what was read is not what was written")
	}
}

// withSamples makes a result that was asked for as many replies as can be kept.
func withSamples(t *testing.T, rec *stats.Recorder) *stats.Result {
	t.Helper()
	r, err := stats.Merge(rec)
	if err != nil {
		t.Fatal(err)
	}
	r.Setup.Samples = stats.MaxSamples
	return r
}

func TestRemedyIsPrintedWithItsCause(t *testing.T) {
	rec := stats.NewRecorder(nil)
	recordFailures(rec, stats.CausePortsExhausted, 0, 0)
	want := "  client_ports_exhausted          2\n" +
		"      the client's limit: widen net.ipv4.ip_local_port_range, or give more --source addresses\n"
	if got := text(t, complete(t, rec)); !strings.Contains(got, want) {
		t.Errorf("no %q in\n%s", want, got)
	}
}
