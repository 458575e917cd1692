package report

import (
	"bytes"
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
		lines = append(lines, sampleLines(first, len(kept)-len(rest))...)
		kept = rest
	}
	return lines
}

// maxSampleLines bounds the lines of a reply that does not fit one: a response
// with its headers.
const maxSampleLines = 12

const (
	sampleIndent = `      "`
	sampleEnd    = `"`
	sampleCut    = `"...`
)

// sampleLines is a reply in Go's notation for strings, of ASCII only: one string
// if that fits sampleWidth, and one per line of the reply if not.
func sampleLines(r stats.Reply, times int) []string {
	note := sampleNote(r, times)
	if text, whole := quote(r.Bytes, roomBeside(note)); whole && r.Total == len(r.Bytes) {
		return []string{sampleIndent + text + sampleEnd + note}
	}
	var lines []string
	rest := r.Bytes
	for len(rest) > 0 && len(lines) < maxSampleLines {
		end := bytes.IndexByte(rest, '\n') + 1
		if end == 0 {
			end = len(rest)
		}
		text, whole := quote(rest[:end], roomBeside(note))
		rest = rest[end:]
		lines = append(lines, sampleIndent+text+ending(whole))
	}
	if all := len(rest) == 0 && r.Total == len(r.Bytes); !all {
		last := len(lines) - 1
		lines[last] = strings.TrimSuffix(lines[last], sampleEnd)
		lines[last] = strings.TrimSuffix(lines[last], sampleCut) + sampleCut
	}
	lines[len(lines)-1] += note
	return lines
}

func ending(whole bool) string {
	if whole {
		return sampleEnd
	}
	return sampleCut
}

func sampleNote(r stats.Reply, times int) string {
	if times > 1 {
		return fmt.Sprintf(" (%s, %d samples)", plural(r.Total, "byte"), times)
	}
	return fmt.Sprintf(" (%s)", plural(r.Total, "byte"))
}

// roomBeside is how many columns a string has beside the note.
func roomBeside(note string) int { return sampleWidth - len(sampleIndent) - len(sampleCut) - len(note) }

// quote escapes what fits the room, byte by byte, so that what is no UTF-8 and
// what is are written alike.
func quote(b []byte, room int) (text string, whole bool) {
	var out []byte
	for i := range b {
		quoted := strconv.AppendQuoteToASCII(nil, string(b[i:i+1]))
		quoted = quoted[1 : len(quoted)-1]
		if len(out)+len(quoted) > room {
			return string(out), false
		}
		out = append(out, quoted...)
	}
	return string(out), true
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
