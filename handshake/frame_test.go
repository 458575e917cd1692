package handshake

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

// feedSplit feeds stream to a new reader in pieces that end at the splits. Like a
// slot, it goes on after a ping and stops at a close frame or an error. It returns
// the events, each with the number of bytes consumed by then.
func feedSplit(t testing.TB, stream string, splits ...int) (seen string) {
	t.Helper()
	var r FrameReader
	at := 0
	for _, split := range append(splits, len(stream)) {
		for at < split {
			piece := []byte(stream[at:split])
			n, ev, err := r.Feed(piece)
			if n <= 0 || n > len(piece) || ev == FrameNone && err == nil && n != len(piece) {
				t.Fatalf("%.100q split at %v: Feed of %d bytes consumed %d, event %d, error %v", stream, splits, len(piece), n, ev, err)
			}
			at += n
			switch {
			case err != nil:
				return fmt.Sprintf("%s%v @%d", seen, err, at)
			case ev == FrameClose:
				return fmt.Sprintf("%sclose %d @%d", seen, r.Code(), at)
			case ev == FramePing:
				seen += fmt.Sprintf("ping %q @%d, ", r.Payload(), at)
			}
		}
	}
	return fmt.Sprintf("%smore @%d", seen, at)
}

func checkFeed(t *testing.T, stream, want string) {
	t.Helper()
	if got := feedSplit(t, stream); got != want {
		t.Fatalf("%.100q: got %s, want %s", stream, got, want)
	}
	for split := range len(stream) {
		if got := feedSplit(t, stream, split); got != want {
			t.Fatalf("%.100q split at %d: got %s, want %s", stream, split, got, want)
		}
	}
	if got := feedSplit(t, stream, everyByte(stream)...); got != want {
		t.Fatalf("%.100q byte by byte: got %s, want %s", stream, got, want)
	}
}

const close1000 = "\x88\x02\x03\xe8"

// closeWith returns a close frame. reason must not exceed 123 bytes.
func closeWith(code uint16, reason string) string {
	return "\x88" + string([]byte{byte(2 + len(reason))}) + string([]byte{byte(code >> 8), byte(code)}) + reason
}

func TestFeed(t *testing.T) {
	text300 := "\x81\x7e\x01\x2c" + strings.Repeat("a", 300)
	long := strings.Repeat("p", 125)
	tests := []struct{ name, stream, want string }{
		{"close", close1000, "close 1000 @4"},
		{"close without body", "\x88\x00", "close 1005 @2"},
		{"close with reason", closeWith(1001, "g\u00fcle g\u00fcle") + "rest", "close 1001 @15"},
		{"longest reason", closeWith(4999, long[2:]), "close 4999 @127"},
		{"ping", "\x89\x03abc" + close1000, `ping "abc" @5, close 1000 @9`},
		{"empty ping", "\x89\x00" + "\x89\x01x" + "\x89\x00", `ping "" @2, ping "x" @5, ping "" @7, more @7`},
		{"longest ping", "\x89\x7d" + long, fmt.Sprintf("ping %q @127, more @127", long)},
		{"pong", "\x8a\x00\x8a\x02hi" + close1000, "close 1000 @10"},
		{"text and binary", "\x81\x02hi\x82\x00" + close1000, "close 1000 @10"},
		{"text that is not UTF-8", "\x81\x01\xff" + close1000, "close 1000 @7"},
		{"fragments", "\x01\x01a\x00\x00\x80\x01b\x81\x00" + close1000, "close 1000 @14"},
		{"control between fragments", "\x02\x01a\x89\x01p\x00\x01b" + close1000, `ping "p" @6, close 1000 @13`},
		{"16-bit length", text300 + close1000, "close 1000 @308"},
		{"smallest 16-bit length", "\x82\x7e\x00\x7e" + long + "x" + close1000, "close 1000 @134"},
		{"incomplete", "\x81\x02h", "more @3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkFeed(t, tt.stream, tt.want) })
	}
}

func TestFeedRefuses(t *testing.T) {
	long := strings.Repeat("p", 200)
	tests := []struct {
		name, stream string
		err          error
		at           int
	}{
		{"masked text", "\x81\x81abcde", ws.ErrProtocolMaskUnexpected, 2},
		{"masked close", "\x88\x82abcdef", ws.ErrProtocolMaskUnexpected, 2},
		{"masked, long", "\x81\xfe", ws.ErrProtocolMaskUnexpected, 2},
		{"first reserved bit", "\xc1\x01a", ws.ErrProtocolNonZeroRsv, 2},
		{"second reserved bit", "\xa1\x01a", ws.ErrProtocolNonZeroRsv, 2},
		{"third reserved bit", "\x98\x00", ws.ErrProtocolNonZeroRsv, 2},
		{"opcode 3", "\x83\x00", ws.ErrProtocolOpCodeReserved, 2},
		{"opcode 7", "\x07\x00", ws.ErrProtocolOpCodeReserved, 2},
		{"opcode 11", "\x8b\x00", ws.ErrProtocolOpCodeReserved, 2},
		{"opcode 15", "\x8f\x00", ws.ErrProtocolOpCodeReserved, 2},
		{"fragmented ping", "\x09\x00", ws.ErrProtocolControlNotFinal, 2},
		{"fragmented close", "\x08\x02\x03\xe8", ws.ErrProtocolControlNotFinal, 2},
		{"long ping", "\x89\x7e\x00\x7e" + long, ws.ErrProtocolControlPayloadOverflow, 2},
		{"long close", "\x88\x7f", ws.ErrProtocolControlPayloadOverflow, 2},
		{"continuation without a message", "\x80\x00", ws.ErrProtocolContinuationUnexpected, 2},
		{"continuation after the end", "\x01\x00\x80\x00\x80\x00", ws.ErrProtocolContinuationUnexpected, 6},
		{"message within a message", "\x01\x00\x81\x00", ws.ErrProtocolContinuationExpected, 4},
		{"after a frame", "\x81\x02hi\x83\x00", ws.ErrProtocolOpCodeReserved, 6},

		{"16-bit length below 126", "\x82\x7e\x00\x7d" + long, ws.ErrHeaderLengthUnexpected, 4},
		{"64-bit length below 65536", "\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff", ws.ErrHeaderLengthUnexpected, 10},
		{"64-bit length, most significant bit set", "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", ws.ErrHeaderLengthMSB, 10},
		{"longest 64-bit length", "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", ErrFlood, 10},

		{"close body of one byte", "\x88\x01\x03", errCloseOneByte, 2},
		{"close reason not UTF-8", closeWith(1000, "a\xff"), ws.ErrProtocolInvalidUTF8, 6},
		{"close reason that ends within a character", closeWith(1000, "\xc3"), ws.ErrProtocolInvalidUTF8, 5},
		{"close after pong", "\x8a\x02\x03\xe8" + "\x88\x02\x00\x00", ws.ErrProtocolStatusCodeNotInUse, 8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checkFeed(t, tt.stream, fmt.Sprintf("%v @%d", tt.err, tt.at))
		})
	}
}

func TestReceivedCloseCodes(t *testing.T) {
	good := map[uint16]bool{
		0: false, 999: false, 1000: true, 1001: true, 1002: true, 1003: true, 1004: false, 1005: false, 1006: false,
		1007: true, 1011: true, 1012: true, 1013: true, 1014: true, 1015: false, 1016: false, 2000: false,
		2999: false, 3000: true, 3999: true, 4000: true, 4999: true, 5000: false, 65535: false,
	}
	for code, want := range good {
		seen := feedSplit(t, closeWith(code, ""))
		if got := seen == fmt.Sprintf("close %d @4", code); got != want {
			t.Errorf("code %d: %s, want accepted %v", code, seen, want)
		}
	}
}

// TestCheckBitsAgreesWithGobwas compares our check of the first two bytes with
// ws.CheckHeader, for all their values.
func TestCheckBitsAgreesWithGobwas(t *testing.T) {
	for bits := range 1 << 17 {
		r := FrameReader{fragmented: bits>>16 != 0}
		r.header[0], r.header[1] = byte(bits>>8), byte(bits)
		state := ws.StateClientSide
		if r.fragmented {
			state = state.Set(ws.StateFragmented)
		}
		want := ws.CheckHeader(ws.Header{
			Fin: r.header[0]&0x80 != 0, Rsv: r.header[0] >> 4 & 7, OpCode: ws.OpCode(r.header[0] & 15),
			Masked: r.header[1]&0x80 != 0, Length: int64(r.header[1] & 0x7f),
		}, state)
		if got := r.checkBits(); got != want {
			t.Errorf("% x, fragmented %v: %v, want %v", r.header[:2], r.fragmented, got, want)
		}
	}
}

// TestCheckReceivedCodeAgreesWithGobwas compares them for all codes except those that
// gobwas/ws does not know.
func TestCheckReceivedCodeAgreesWithGobwas(t *testing.T) {
	for code := range ws.StatusCode(5000) {
		if code.In(newerCodes) {
			continue
		}
		if got, want := checkReceivedCode(code), ws.CheckCloseFrameData(code, ""); got != want {
			t.Errorf("code %d: %v, want %v", code, got, want)
		}
	}
}

func TestFrameErrorsAllocateNothing(t *testing.T) {
	for _, stream := range []string{
		"\x83\x00", "\x89\x7e", "\x09\x00", "\xc1\x00", "\x81\x80", "\x01\x00\x81\x00", "\x80\x00", "\x88\x01",
		closeWith(999, ""), closeWith(1005, ""), closeWith(1004, ""), closeWith(2000, ""), closeWith(5000, ""), closeWith(1000, "\xff"),
		"\x82\x7e\x00\x01", "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", string(binaryFrame(MaxSkippedBytes + 1)[:10]),
	} {
		var r FrameReader
		b := []byte(stream)
		var err error
		noAllocs(t, fmt.Sprintf("Feed of %.20q", stream), func() {
			r.Reset()
			_, _, err = r.Feed(b)
		})
		if err == nil {
			t.Errorf("%q: no error", stream)
		}
	}
}

// binaryFrame returns a frame of size bytes, header included.
func binaryFrame(size int) []byte {
	f := make([]byte, size)
	copy(f, []byte{0x82, length64, 0, 0, 0, 0})
	n := size - maxHeader
	copy(f[6:], []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
	return f
}

func TestFloodLimit(t *testing.T) {
	empty := "\x82\x00"
	full := string(binaryFrame(MaxSkippedBytes - leastCharge))
	tests := []struct{ name, stream, want string }{
		{"at the limit", full + empty + close1000, fmt.Sprintf("close 1000 @%d", len(full+empty)+4)},
		{"a frame over the limit", full + empty + empty, fmt.Sprintf("%v @%d", ErrFlood, len(full+empty)+2)},
		{"a ping over the limit", full + empty + "\x89\x01", fmt.Sprintf("%v @%d", ErrFlood, len(full+empty)+2)},
		{"refused by its header", string(binaryFrame(MaxSkippedBytes + 1)[:20]), fmt.Sprintf("%v @%d", ErrFlood, 10)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := feedSplit(t, tt.stream, 5, len(tt.stream)/2, len(tt.stream)-1)
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestFloodOfPings(t *testing.T) {
	var r FrameReader
	ping := []byte("\x89\x00")
	for i := range MaxSkippedBytes / leastCharge {
		if n, ev, err := r.Feed(ping); n != 2 || ev != FramePing || err != nil {
			t.Fatalf("ping %d: consumed %d bytes, event %d, error %v", i, n, ev, err)
		}
	}
	if n, _, err := r.Feed(ping); n != 2 || err != ErrFlood {
		t.Errorf("ping over the limit: consumed %d bytes, error %v, want 2, %v", n, err, ErrFlood)
	}
}

func TestFrameReaderReset(t *testing.T) {
	for _, before := range []string{"\x88", "\x01\x01a", "\x81\x7e\x01", "\x89\x05ab", close1000, "\x83\x00", string(binaryFrame(MaxSkippedBytes))} {
		var r FrameReader
		_, _, _ = r.Feed([]byte(before))
		r.Reset()
		n, ev, err := r.Feed([]byte("\x81\x01a" + close1000))
		if n != 7 || ev != FrameClose || err != nil || r.Code() != 1000 {
			t.Errorf("after %.20q and Reset: consumed %d bytes, event %d, error %v, code %d", before, n, ev, err, r.Code())
		}
	}
}

func TestFeedAllocatesNothing(t *testing.T) {
	var r FrameReader
	stream := []byte("\x81\x02hi\x01\x01a\x80\x00" + closeWith(1000, strings.Repeat("r", 100)))
	noAllocs(t, "Feed", func() {
		r.Reset()
		_, _, _ = r.Feed(stream)
	})
	noAllocs(t, "Feed byte by byte", func() {
		r.Reset()
		for i := range stream {
			_, _, _ = r.Feed(stream[i : i+1])
		}
	})
	flood, notUTF8 := binaryFrame(MaxSkippedBytes + 1)[:10], []byte(closeWith(1000, "\xff"))
	noAllocs(t, "Feed to our own errors", func() {
		r.Reset()
		_, _, _ = r.Feed(flood)
		r.Reset()
		_, _, _ = r.Feed(notUTF8)
	})
}

func BenchmarkFeedClose(b *testing.B) {
	var r FrameReader
	frame := []byte(close1000)
	for b.Loop() {
		r.Reset()
		if _, ev, _ := r.Feed(frame); ev != FrameClose {
			b.Fatal(ev)
		}
	}
}
