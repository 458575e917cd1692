package report

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wsperf/stats"
)

// sampleShape is a failing reply in the result file. Reply is escaped
// (escapeReply), Bytes is how long it was before it was cut.
type sampleShape struct {
	Cause string `json:"cause"`
	Bytes int    `json:"bytes"`
	Reply string `json:"reply"`
}

// sampleShapes lists the replies by cause, those of a cause in the order in
// which they were kept.
func sampleShapes(r *stats.Result) (all []sampleShape) {
	for c, kept := range r.Replies {
		for _, reply := range kept {
			all = append(all, sampleShape{stats.Cause(c).String(), reply.Total, escapeReply(reply.Bytes)})
		}
	}
	return all
}

// reply is the reverse, for what a file holds.
func (s *sampleShape) reply() (stats.Cause, stats.Reply, error) {
	c, known := causeOf(s.Cause)
	if !known {
		return 0, stats.Reply{}, fmt.Errorf("%q is not a known cause", clip(s.Cause))
	}
	if s.Bytes < 0 || s.Bytes > maxCount {
		return 0, stats.Reply{}, fmt.Errorf("bytes %d: must be 0 to %d", s.Bytes, int64(maxCount))
	}
	b, err := parseReply(s.Reply)
	return c, stats.Reply{Bytes: b, Total: s.Bytes}, err
}

// causeOf is the reverse of Cause.String for the causes of failures.
func causeOf(key string) (stats.Cause, bool) {
	for c := stats.CauseNone + 1; c < stats.NumCauses; c++ {
		if c.String() == key {
			return c, true
		}
	}
	return stats.CauseNone, false
}

// markup is what HTML gives a meaning to. It is escaped in the file, so that a
// reply does no harm in a page that forgets to.
const markup = `"&'<>`

// escapeReply turns any bytes into printable ASCII, without loss and in one way
// only: \r, \n, \t and \\ for these four, \xNN with lower-case digits for every
// other byte that is not printable ASCII or is markup, and the rest as it is.
// JSON doubles each backslash.
func escapeReply(b []byte) string {
	out := make([]byte, 0, len(b)+len(b)/4)
	for _, c := range b {
		switch {
		case c == '\\':
			out = append(out, `\\`...)
		case c == '\r':
			out = append(out, `\r`...)
		case c == '\n':
			out = append(out, `\n`...)
		case c == '\t':
			out = append(out, `\t`...)
		case c < ' ' || c > '~' || strings.IndexByte(markup, c) >= 0:
			out = fmt.Appendf(out, `\x%02x`, c)
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

// longestEscape is the length of \xNN.
const longestEscape = 4

// parseReply is the reverse of escapeReply. It refuses what that cannot have written.
func parseReply(text string) ([]byte, error) {
	if len(text) > longestEscape*stats.MaxReplyBytes {
		return nil, fmt.Errorf("a reply of %d characters: must be at most %d", len(text), longestEscape*stats.MaxReplyBytes)
	}
	var b []byte
	for rest := text; rest != ""; {
		// Of Go's escapes (strconv.UnquoteChar) ours are a part; the comparison sees to the others.
		c, _, tail, err := strconv.UnquoteChar(rest, 0)
		if err != nil || c > 0xff {
			return nil, errEscape
		}
		b, rest = append(b, byte(c)), tail
	}
	if escapeReply(b) != text {
		return nil, errEscape
	}
	return b, nil
}

var errEscape = errors.New(`a reply is not escaped as it must be: printable ASCII without "&'<> and with \r \n \t \\ \xNN`)

// sampleWidth bounds a line with a reply, in columns.
const sampleWidth = 100

// samples prints what testees said, each different reply once.
func samples(kept []stats.Reply) (lines []string) {
	for len(kept) > 0 {
		first := kept[0]
		rest := slices.DeleteFunc(slices.Clone(kept), func(r stats.Reply) bool {
			return r.Total == first.Total && string(r.Bytes) == string(first.Bytes)
		})
		lines = append(lines, sampleLine(first, len(kept)-len(rest)))
		kept = rest
	}
	return lines
}

// sampleLine is a reply in Go's notation for strings, of ASCII only, cut to sampleWidth.
func sampleLine(r stats.Reply, times int) string {
	note := fmt.Sprintf(" (%s)", plural(r.Total, "byte"))
	if times > 1 {
		note = fmt.Sprintf(" (%s, %d samples)", plural(r.Total, "byte"), times)
	}
	const indent, cut = `      "`, `"...`
	room := sampleWidth - len(indent) - len(cut) - len(note)
	var said []byte
	for i := range r.Bytes {
		// Byte by byte, so that what is no UTF-8 and what is are written alike.
		quoted := strconv.AppendQuoteToASCII(nil, string(r.Bytes[i:i+1]))
		quoted = quoted[1 : len(quoted)-1]
		if len(said)+len(quoted) > room {
			return indent + string(said) + cut + note
		}
		said = append(said, quoted...)
	}
	if r.Total > len(r.Bytes) {
		return indent + string(said) + cut + note
	}
	return indent + string(said) + `"` + note
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
