package emulator

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// syn4 is a SYN over IPv4 from 10.99.0.1:40000 to 10.99.0.2:9001, with 20 bytes of options.
func syn4() []byte {
	p := make([]byte, headerBytes4+tcpHeaderBytes+20)
	p[0], p[9] = 0x45, protocolTCP
	copy(p[12:], Near4.Addr().AsSlice())
	copy(p[16:], Far4.Addr().AsSlice())
	fillTCP(p[headerBytes4:])
	return p
}

func syn6() []byte {
	p := make([]byte, headerBytes6+tcpHeaderBytes+20)
	p[0], p[6] = 0x60, protocolTCP
	copy(p[8:], Near6.Addr().AsSlice())
	copy(p[24:], Far6.Addr().AsSlice())
	fillTCP(p[headerBytes6:])
	return p
}

func fillTCP(p []byte) {
	binary.BigEndian.PutUint16(p, 40000)
	binary.BigEndian.PutUint16(p[2:], 9001)
	binary.BigEndian.PutUint32(p[4:], 77)
	p[12], p[13] = 40/4<<4, SYN
}

func TestHeader(t *testing.T) {
	want := Header{SourcePort: 40000, DestinationPort: 9001, Flags: SYN, Sequence: 77}
	for _, c := range []struct {
		packet   []byte
		from, to netip.Addr
		payload  int
	}{
		{syn4(), Near4.Addr(), Far4.Addr(), 0},
		{syn6(), Near6.Addr(), Far6.Addr(), 0},
		{append(syn4(), 1, 2, 3), Near4.Addr(), Far4.Addr(), 3},
	} {
		want.Source, want.Destination, want.Payload = c.from, c.to, c.payload
		if got, ok := headerOf(c.packet); !ok || got != want {
			t.Errorf("header %+v, want %+v", got, want)
		}
	}
}

// TestHeaderOfAnything: a packet that is cut off or nonsense is read without panic.
func TestHeaderOfAnything(t *testing.T) {
	for _, p := range [][]byte{syn4(), syn6()} {
		for n := range len(p) {
			headerOf(p[:n])
		}
	}
	long := syn4()
	long[0] = 0x4f
	if _, ok := headerOf(long[:headerBytes4]); !ok {
		t.Error("a header that claims more options than there are bytes is not read")
	}
	if _, ok := headerOf([]byte{0x10}); ok {
		t.Error("version 1 is taken for IP")
	}
}

// TestChecksum uses the example of RFC 1071 section 3: the sum of 00 01 f2 03 f4 f5 f6 f7
// is ddf2.
func TestChecksum(t *testing.T) {
	if got := checksum([]byte{0, 1, 0xf2, 3}, []byte{0xf4, 0xf5, 0xf6, 0xf7}); got != ^uint16(0xddf2) {
		t.Errorf("checksum %04x, want %04x", got, ^uint16(0xddf2))
	}
	if got := checksum([]byte{1, 2, 3}); got != ^uint16(0x0402) {
		t.Errorf("checksum of 3 bytes %04x, want %04x", got, ^uint16(0x0402))
	}
}

func TestNoAnswerToICMP(t *testing.T) {
	p := syn4()
	p[9] = protocolICMP
	if unreachable(p, Far4.Addr()) != nil {
		t.Error("ICMP was answered by ICMP (RFC 1122 section 3.2.2)")
	}
}

func TestConfigErrors(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{Delay: -1}, "delay -1ns: must be 0 to 10s"},
		{Config{Delay: time.Millisecond, Jitter: time.Second}, "jitter 1s: must be 0 to the delay, 1ms"},
		{Config{Loss: 1.5}, "loss 1.5: must be 0 to 1"},
		{Config{Reorder: -1}, "reorder -1: must be 0 to 1"},
		{Config{Rate: 1}, "rate 1 bit/s: must be 1000 or more"},
		{Config{Queue: -1}, "queue -1 bytes"},
		{Config{MTU: 60}, "MTU 60: must be 68 to 65535"},
		{Config{Unreachable: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}, "unreachable address 192.0.2.1: must be in 10.99.0.0/24 or fd99::/64"},
	} {
		if err := c.cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}
