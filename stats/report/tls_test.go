package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

// tlsLines returns the lines of section TLS without its title.
func tlsLines(t *testing.T, r *stats.Result) []string {
	t.Helper()
	_, after, found := strings.Cut(text(t, r), "\nTLS\n\n")
	if !found {
		return nil
	}
	section, _, _ := strings.Cut(after, "\n\n")
	return strings.Split(section, "\n")
}

func TestTLSSectionIsOfRunsWithTLS(t *testing.T) {
	for name, r := range results() {
		if lines := tlsLines(t, r); (lines != nil) != (name == "secure") {
			t.Errorf("%s: section TLS %q", name, lines)
		}
		if strings.Contains(text(t, r), "secure") && name != "secure" {
			t.Errorf("%s: a phase or cause of TLS in the report", name)
		}
	}
}

// TestTLSSectionFitsALine whatever a file or testee has named.
func TestTLSSectionFitsALine(t *testing.T) {
	r := example.Secure()
	for _, counts := range []map[string]uint64{r.TLS.Versions, r.TLS.Groups, r.TLS.Suites, r.TLS.Alerts} {
		for i := range 60 {
			counts[strings.Repeat("n", 61)+fmt.Sprintf("%03d", i)] = 1e9 - uint64(i)
		}
	}
	lines := tlsLines(t, r)
	if len(lines) != 13 {
		t.Errorf("%d lines, want 13: two of each list", len(lines))
	}
	for _, line := range strings.Split(strings.Join(lines, "\n")+"\n"+textOfCause(t, r, "secure_alert"), "\n") {
		if len(line) > 100 {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
}

// textOfCause returns what the report says of a cause, from its count to the next cause.
func textOfCause(t *testing.T, r *stats.Result, cause string) string {
	t.Helper()
	_, after, found := strings.Cut(text(t, r), "\n  "+cause+" ")
	if !found {
		t.Fatalf("no cause %s in\n%s", cause, text(t, r))
	}
	lines := strings.Split("  "+cause+" "+after, "\n")
	last := 1
	for last < len(lines) && strings.HasPrefix(lines[last], failureIndent) {
		last++
	}
	return strings.Join(lines[:last], "\n")
}

func TestNameLines(t *testing.T) {
	long := strings.Repeat("x", 64)
	eight := func(letter string) string { return strings.Repeat(letter, 8) }
	for _, c := range []struct {
		counts map[string]uint64
		width  int
		most   int
		want   []string
	}{
		{nil, 40, 2, nil},
		{map[string]uint64{"a": 1, "b": 3, "c": 2}, 40, 1, []string{"b: 3, c: 2, a: 1"}},
		{map[string]uint64{eight("a"): 3, eight("b"): 2, eight("c"): 1}, 36, 1, []string{"aaaaaaaa: 3, bbbbbbbb: 2, 1 more"}},
		{map[string]uint64{eight("a"): 3, eight("b"): 2, eight("c"): 1}, 37, 1, []string{"aaaaaaaa: 3, bbbbbbbb: 2, cccccccc: 1"}},
		{map[string]uint64{eight("a"): 3, eight("b"): 2, eight("c"): 1}, 36, 2, []string{"aaaaaaaa: 3, bbbbbbbb: 2,", "cccccccc: 1"}},
		{map[string]uint64{long: 1}, 88, 2, []string{strings.Repeat("x", 42) + "...: 1"}},
		{map[string]uint64{"\x1b[2J": 1}, 88, 2, []string{`\x1b[2J: 1`}},
	} {
		if got := nameLines(c.counts, c.width, c.most); !slices.Equal(got, c.want) {
			t.Errorf("%d columns, %d lines: %q, want %q", c.width, c.most, got, c.want)
		}
	}
}

func TestHandshakesInWords(t *testing.T) {
	for _, c := range []struct {
		of   stats.TLSResult
		want Details
	}{
		{stats.TLSResult{}, Details{{"Complete", "0 TLS handshakes, 0 full: none tried to resume"}}},
		{stats.TLSResult{Versions: map[string]uint64{"a": 3, "b": 4}}, Details{{"Complete", "7 TLS handshakes, 7 full: none tried to resume"}}},
		{stats.TLSResult{Versions: map[string]uint64{"a": 7}, Tried: 3}, Details{{"Complete", "7 TLS handshakes, 7 full"}, {"Resumed", "0 of 3 that tried (0.0 %)"}}},
		{stats.TLSResult{Versions: map[string]uint64{"a": 1001}, Tried: 1000, Resumed: 999}, Details{{"Complete", "1001 TLS handshakes, 2 full"}, {"Resumed", "999 of 1000 that tried (99.9 %)"}}},
	} {
		if got := handshakes(&c.of); !slices.Equal(got, c.want) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// refused is a run of a URL whose failures have a cause and a reply.
func refused(url string, c stats.Cause, reply string) *stats.Result {
	rec := stats.NewRecorder(nil)
	rec.KeepReplies(3)
	example.RecordFailures(rec, c, 400, 400)
	rec.Reply(c, []byte("something else"))
	rec.Reply(c, []byte(reply))
	r := example.Complete(rec)
	r.Setup.URL = url
	return r
}

// Replies of nginx 1.22, Go 1.26 and Apache 2.4 to a plain request at their TLS port, shortened, and records of TLS.
const (
	ofNginx  = "HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nContent-Type: text/html\r\nContent-Length: 255\r\nConnection: close\r\n\r\n<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>\r\n"
	ofGo     = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
	ofApache = "HTTP/1.1 400 Bad Request\r\nServer: Apache\r\n\r\nReason: You're speaking plain HTTP to an SSL-enabled server port.<br />\n"
	ofOurs   = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nplain HTTP at a port for TLS\n"
	alert    = "\x15\x03\x01\x00\x02\x02\x46"
	hello    = "\x16\x03\x03\x00\x7a\x02"
)

func TestHints(t *testing.T) {
	const plain = "the testee speaks plain HTTP at this port, not TLS: use a ws:// URL, or the port for wss://"
	for _, c := range []struct {
		name  string
		url   string
		cause stats.Cause
		reply string
		want  string
	}{
		{"TLS to a plain port", "wss://a", stats.CauseSecureProtocol, "HTTP/1.1 400 Bad Request\r\n", plain},
		{"another protocol", "wss://a", stats.CauseSecureProtocol, "SSH-2.0-OpenSSH_9.2\r\n", "the testee sent what TLS forbids: does it speak TLS at this port?"},
		{"an alert", "ws://a", stats.CauseOpenMalformed, alert, wantsTLS},
		{"a handshake message", "ws://a", stats.CauseOpenMalformed, hello, wantsTLS},
		{"application data", "ws://a", stats.CauseOpenMalformed, "\x17\x03\x03\x00\x10", ""},
		{"no version", "ws://a", stats.CauseOpenMalformed, "\x15\x01\x00", ""},
		{"one byte", "ws://a", stats.CauseOpenMalformed, "\x16", ""},
		{"an alert within TLS", "wss://a", stats.CauseOpenMalformed, alert, ""},
		{"nginx", "ws://a", stats.CauseOpenStatus, ofNginx, wantsTLS},
		{"Apache", "ws://a", stats.CauseOpenStatus, ofApache, wantsTLS},
		{"our testee", "ws://a", stats.CauseOpenStatus, ofOurs, wantsTLS},
		{"Go", "ws://a", stats.CauseOpenMalformed, ofGo, wantsTLS},
		{"Go behind a proxy that speaks 1.1", "ws://a", stats.CauseOpenStatus, ofGo, wantsTLS},
		{"nginx within TLS", "wss://a", stats.CauseOpenStatus, ofNginx, ""},
		{"another status", "ws://a", stats.CauseOpenStatus, strings.Replace(ofNginx, "400 Bad", "403 Bad", 1), ""},
		{"another reason", "ws://a", stats.CauseOpenStatus, "HTTP/1.1 400 Bad Request\r\n\r\n", ""},
		{"another cause", "ws://a", stats.CauseOpenTooLarge, ofNginx, ""},
	} {
		r := refused(c.url, c.cause, c.reply)
		if got := hintFor(r, c.cause); got != c.want && c.cause != stats.CauseSecureProtocol {
			t.Errorf("%s: hint %q, want %q", c.name, got, c.want)
		}
		said := textOfCause(t, r, c.cause.String())
		if c.want != "" && !strings.Contains(said, "\n"+failureIndent+c.want+"\n") || c.want == "" && strings.Contains(said, "the testee speaks") {
			t.Errorf("%s: want %q in\n%s", c.name, c.want, said)
		}
		checkPrintable(t, c.name, text(t, r))
	}
}

// TestHintsWithoutReply are for servers that say nothing, as long as no connection came further.
func TestHintsWithoutReply(t *testing.T) {
	for _, c := range []struct {
		url     string
		cause   stats.Cause
		reached stats.Phase
		want    string
	}{
		{"wss://a", stats.CauseSecureTimeout, stats.PhaseConnect, wantsPlain},
		{"wss://a", stats.CauseSecureEOF, stats.PhaseConnect, wantsPlain},
		{"wss://a", stats.CauseSecureReset, stats.PhaseConnect, wantsPlain},
		{"wss://a", stats.CauseSecureTimeout, stats.PhaseSecure, ""},
		{"wss://a", stats.CauseSecureEOF, stats.PhaseSecureResumed, ""},
		{"ws://a", stats.CauseOpenEOF, stats.PhaseConnect, mayWantTLS},
		{"ws://a", stats.CauseOpenReset, stats.PhaseConnect, mayWantTLS},
		{"ws://a", stats.CauseOpenReset, stats.PhaseOpen, ""},
		{"wss://a", stats.CauseOpenEOF, stats.PhaseSecure, ""},
		{"ws://a", stats.CauseOpenTimeout, stats.PhaseConnect, ""},
	} {
		rec := stats.NewRecorder(nil)
		example.RecordFailures(rec, c.cause, 400)
		r := example.Complete(rec)
		r.Setup.URL = c.url
		_ = r.Phases[c.reached].Failure.RecordValue(400) // within the range
		if got := hintFor(r, c.cause); got != c.want {
			t.Errorf("%s, %v, phase %v reached: %q, want %q", c.url, c.cause, c.reached, got, c.want)
		}
	}
}

// TestRemediesFitALine under their cause.
func TestRemediesFitALine(t *testing.T) {
	all := []string{}
	for c := range stats.Cause(stats.NumCauses) {
		all = append(all, remedy(c))
	}
	for _, h := range hints() {
		all = append(all, h.text)
	}
	for _, line := range all {
		if n := len(failureIndent + line); n > 100 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}
