package file

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"wsperf/stats"
)

// sampleShape is the JSON form of a stats.Reply. Reply is escaped by escapeReply.
// Bytes is stats.Reply.Total, the length before the reply was cut.
type sampleShape struct {
	Cause string `json:"cause"`
	Bytes int    `json:"bytes"`
	Reply string `json:"reply"`
}

// sampleShapes lists the replies by cause, and within a cause in their order.
func sampleShapes(r *stats.Result) (all []sampleShape) {
	for c, kept := range r.Replies {
		for _, reply := range kept {
			all = append(all, sampleShape{stats.Cause(c).String(), reply.Total, escapeReply(reply.Bytes)})
		}
	}
	return all
}

// reply is the inverse of sampleShapes for one element. It checks Bytes only against
// maxCount; Result.Check does the rest.
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

// causeOf is the inverse of Cause.String, except for CauseNone.
func causeOf(key string) (stats.Cause, bool) {
	for c := stats.CauseNone + 1; c < stats.NumCauses; c++ {
		if c.String() == key {
			return c, true
		}
	}
	return stats.CauseNone, false
}

// markup are the characters with a meaning in HTML. They are escaped in the file, so a
// reply is harmless even in a page that does not escape it.
const markup = `"&'<>`

// escapeReply encodes any bytes as printable ASCII, reversibly. It writes \r, \n, \t
// and \\ for these four bytes, and \xNN with lower-case digits for any other byte that
// is markup or not printable ASCII. JSON doubles each backslash.
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

// parseReply is the inverse of escapeReply. It refuses text that escapeReply does not
// write.
func parseReply(text string) ([]byte, error) {
	if len(text) > longestEscape*stats.MaxReplyBytes {
		return nil, fmt.Errorf("a reply of %d characters: must be at most %d", len(text), longestEscape*stats.MaxReplyBytes)
	}
	var b []byte
	for rest := text; rest != ""; {
		// UnquoteChar accepts more escapes than ours. The comparison below refuses these.
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

var errEscape = errors.New(`a reply is not escaped: must be printable ASCII without "&'<>, with the escapes \r \n \t \\ \xNN`)
