package file

import (
	"errors"
	"fmt"
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
