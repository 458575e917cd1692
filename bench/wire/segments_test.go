package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// segment is a TCP segment with data.
type segment struct {
	stream  int // number of the connection, in the order of the SYNs
	ns      int64
	to      int // port
	payload []byte
}

// parseSegments reads the four fields of each line of tshark.
func parseSegments(text string) (all []segment, err error) {
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 4 {
			return nil, fmt.Errorf("tshark printed %q", line)
		}
		var s segment
		var errs [4]error
		s.stream, errs[0] = strconv.Atoi(f[0])
		s.ns, errs[1] = parseEpoch(f[1])
		s.to, errs[2] = strconv.Atoi(f[2])
		s.payload, errs[3] = hex.DecodeString(f[3])
		if err := errors.Join(errs[:]...); err != nil {
			return nil, fmt.Errorf("tshark printed %q: %w", line, err)
		}
		all = append(all, s)
	}
	return all, nil
}

// parseEpoch reads seconds with 9 decimals. Fewer would be a capture that has no nanoseconds.
func parseEpoch(text string) (ns int64, err error) {
	seconds, fraction, _ := strings.Cut(text, ".")
	if len(fraction) != 9 {
		return 0, fmt.Errorf("time %q: must have nanoseconds", text)
	}
	return strconv.ParseInt(seconds+fraction, 10, 64)
}

// exchange is an opening handshake on the wire: the client's first segment with data, the
// segment that completes the response, and the testee's last one before the client's next.
type exchange struct {
	requestNs, responseNs, lastNs int64

	response []byte // as far as it has come
	over     bool   // the client has sent its close frame
}

// exchanges finds the handshakes with a testee, in the order of their connections. It fails
// if one is not complete, because then the capture is not.
func exchanges(segments []segment, testee int) (all []exchange, err error) {
	index := map[int]int{}
	for _, s := range segments {
		i, known := index[s.stream]
		if !known {
			i, index[s.stream] = len(all), len(all)
			all = append(all, exchange{})
		}
		if s.to == testee {
			all[i].sent(s)
		} else if !all[i].over {
			all[i].received(s)
		}
	}
	for i, e := range all {
		if e.requestNs == 0 || e.responseNs < e.requestNs || !e.over {
			return nil, fmt.Errorf("connection %d has request and response at %d and %d ns, close frame: %v", i, e.requestNs, e.responseNs, e.over)
		}
	}
	return all, nil
}

// sent is called with the client's segments.
func (e *exchange) sent(s segment) {
	if e.requestNs == 0 {
		e.requestNs = s.ns
		return
	}
	e.over = true
}

// received is called with the testee's segments.
func (e *exchange) received(s segment) {
	e.lastNs = s.ns
	if e.responseNs > 0 {
		return
	}
	e.response = append(e.response, s.payload...)
	if bytes.Contains(e.response, []byte("\r\n\r\n")) {
		e.responseNs = s.ns
	}
}

func TestExchanges(t *testing.T) {
	const captured = `0	1.000000100	9001	4745
1	1.000000200	9001	4745
0	1.000000300	50000	48540d0a
0	1.000000400	50000	0d0a
0	1.000000450	50000	0d0a0d0a
0	1.000000500	9001	8880
0	1.000000600	50000	8105
1	1.000000700	50001	0d0a0d0a8105
1	1.000000800	9001	8880
`
	segments, err := parseSegments(captured)
	if err != nil {
		t.Fatal(err)
	}
	all, err := exchanges(segments, 9001)
	if err != nil {
		t.Fatal(err)
	}
	var got [][3]int64
	for _, e := range all {
		got = append(got, [3]int64{e.requestNs % 1000, e.responseNs % 1000, e.lastNs % 1000})
	}
	if want := [][3]int64{{100, 400, 450}, {200, 700, 700}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for n := range len(segments) - 1 {
		if _, err := exchanges(segments[:n+1], 9001); err == nil {
			t.Errorf("no error for a capture of %d segments", n+1)
		}
	}
	for _, line := range []string{"x", "0\t1.000000\t1\t00", "0\t1.000000000\t1\t0", "0\t1.000000000\tx\t00"} {
		if _, err := parseSegments(line); err == nil {
			t.Errorf("no error for %q", line)
		}
	}
}
