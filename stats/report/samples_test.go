package report

import (
	"slices"
	"strings"
	"testing"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

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
		if got := samples(c.kept); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

func TestHostileReplyInTheReport(t *testing.T) {
	r := example.Hostile()
	r.Setup.Sources = []string{"fe80::1%\x1b[2J\u00e4", "\x1b[2J"}
	for _, c := range []byte(text(t, r)) {
		if (c < ' ' || c > '~') && c != '\n' {
			t.Errorf("the report has the byte %#x", c)
		}
	}
}

func TestRemedyIsPrintedWithItsCause(t *testing.T) {
	rec := stats.NewRecorder(nil)
	example.RecordFailures(rec, stats.CausePortsExhausted, 0, 0)
	want := "  client_ports_exhausted          2\n" +
		"      the client's limit: widen net.ipv4.ip_local_port_range, or give more --source addresses\n"
	if got := text(t, example.Complete(rec)); !strings.Contains(got, want) {
		t.Errorf("no %q in\n%s", want, got)
	}
}
