package report

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wsperf/stats"
)

// sampleWidth is the maximum width of a line with a reply, in columns.
const sampleWidth = 100

// samples quotes the replies, equal ones once.
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

// maxSampleLines is the maximum number of lines of a reply, such as a response with its
// headers.
const maxSampleLines = 12

const (
	sampleStart = `"`
	sampleEnd   = `"`
	sampleCut   = `"...`
)

// sampleLines quotes a reply as Go strings of printable ASCII: one string if that fits
// sampleWidth, otherwise one per line of the reply.
func sampleLines(r stats.Reply, times int) []string {
	note := sampleNote(r, times)
	if text, whole := quote(r.Bytes, roomBeside(note)); whole && r.Total == len(r.Bytes) {
		return []string{sampleStart + text + sampleEnd + note}
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
		lines = append(lines, sampleStart+text+ending(whole))
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

// roomBeside returns how many columns the note leaves for a string.
func roomBeside(note string) int {
	return sampleWidth - len(failureIndent+sampleStart) - len(sampleCut) - len(note)
}

// quote escapes as many bytes as fit in room columns. It escapes byte by byte, so that
// valid and invalid UTF-8 look alike.
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
