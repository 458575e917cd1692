package handshake

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

func TestAppendClose(t *testing.T) {
	got := AppendClose([]byte("x"), 1000, [4]byte{0x11, 0x22, 0x33, 0x44})
	want := []byte{'x', 0x88, 0x82, 0x11, 0x22, 0x33, 0x44, 0x03 ^ 0x11, 0xe8 ^ 0x22}
	if !bytes.Equal(got, want) {
		t.Errorf("got % x, want % x", got, want)
	}
	f := readMasked(t, AppendClose(nil, 4999, [4]byte{1, 2, 3, 4}))
	if code, reason := ws.ParseCloseFrameData(f.Payload); f.Header.OpCode != ws.OpClose || code != 4999 || reason != "" {
		t.Errorf("got opcode %d, code %d, reason %q", f.Header.OpCode, code, reason)
	}
}

func TestAppendPong(t *testing.T) {
	for _, payload := range []string{"", "a", strings.Repeat("0123456789", 12)} {
		f := readMasked(t, AppendPong([]byte{}, []byte(payload), [4]byte{9, 8, 7, 6}))
		if f.Header.OpCode != ws.OpPong || string(f.Payload) != payload {
			t.Errorf("got opcode %d, payload %q, want %q", f.Header.OpCode, f.Payload, payload)
		}
	}
}

func TestAppendPongPanicsOverItsLimit(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic at 126 bytes")
		}
	}()
	AppendPong(nil, make([]byte, 126), [4]byte{})
}

func TestAppendAllocatesNothing(t *testing.T) {
	buf, payload := make([]byte, 0, 256), make([]byte, 125)
	noAllocs(t, "AppendClose and AppendPong", func() {
		_ = AppendPong(AppendClose(buf, 1000, [4]byte{1, 2, 3, 4}), payload, [4]byte{5, 6, 7, 8})
	})
}

func TestCheckCloseCode(t *testing.T) {
	allowed := func(c int) bool {
		return c >= 1000 && c <= 1003 || c >= 1007 && c <= 1011 || c >= 3000 && c <= 4999
	}
	for c := range 1 << 16 {
		err := CheckCloseCode(ws.StatusCode(c))
		if (err == nil) != allowed(c) {
			t.Fatalf("code %d: error %v, want allowed %v", c, err, allowed(c))
		}
		if want := fmt.Sprintf("close code %d: must be 1000-1003", c); err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Fatalf("error %q, want %q", err, want)
		}
	}
}

// readMasked reads a frame that we send with gobwas/ws, as a server does.
func readMasked(t *testing.T, frame []byte) ws.Frame {
	t.Helper()
	rest := bytes.NewReader(frame)
	h, err := ws.ReadHeader(rest)
	if err != nil {
		t.Fatal(err)
	}
	if err := ws.CheckHeader(h, ws.StateServerSide); err != nil {
		t.Fatal(err)
	}
	if int64(rest.Len()) != h.Length {
		t.Fatalf("payload of %d bytes, the header announces %d", rest.Len(), h.Length)
	}
	payload := frame[len(frame)-rest.Len():]
	return ws.UnmaskFrame(ws.Frame{Header: h, Payload: payload})
}
