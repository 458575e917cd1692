package emulator

import (
	"encoding/binary"
	"net/netip"
)

// TCP flags (RFC 9293 section 3.1).
const (
	FIN = 1 << 0
	SYN = 1 << 1
	RST = 1 << 2
	ACK = 1 << 4
)

// Header is what the link reads of a packet. The fields after Destination are zero if it is
// not TCP.
type Header struct {
	Source, Destination         netip.Addr
	SourcePort, DestinationPort uint16
	Flags                       uint8 // FIN, SYN, RST, ACK
	Sequence                    uint32
	Payload                     int // bytes
}

const (
	protocolTCP     = 6
	protocolICMP    = 1
	protocolICMPv6  = 58
	headerBytes4    = 20 // without options
	headerBytes6    = 40
	tcpHeaderBytes  = 20 // without options
	icmpHeaderBytes = 8
)

// headerOf reads a packet's headers; false: it is not an IP packet. Extension headers of
// IPv6 are not read.
func headerOf(p []byte) (h Header, ok bool) {
	switch {
	case len(p) >= headerBytes4 && p[0]>>4 == 4:
		length := int(p[0]&0xf) * 4
		h.Source, h.Destination = netip.AddrFrom4([4]byte(p[12:])), netip.AddrFrom4([4]byte(p[16:]))
		if p[9] == protocolTCP {
			h.readTCP(p[min(length, len(p)):])
		}
	case len(p) >= headerBytes6 && p[0]>>4 == 6:
		h.Source, h.Destination = netip.AddrFrom16([16]byte(p[8:])), netip.AddrFrom16([16]byte(p[24:]))
		if p[6] == protocolTCP {
			h.readTCP(p[headerBytes6:])
		}
	default:
		return h, false
	}
	return h, true
}

func (h *Header) readTCP(p []byte) {
	if len(p) < tcpHeaderBytes {
		return
	}
	h.SourcePort, h.DestinationPort = binary.BigEndian.Uint16(p), binary.BigEndian.Uint16(p[2:])
	h.Sequence, h.Flags = binary.BigEndian.Uint32(p[4:]), p[13]
	h.Payload = max(0, len(p)-int(p[12]>>4)*4)
}

// Has reports whether all the flags are set.
func (h *Header) Has(flags uint8) bool { return h.Flags&flags == flags }

// checksum is that of RFC 1071, over the parts as one. All parts but the last must be of
// even length.
func checksum(parts ...[]byte) uint16 {
	var sum uint32
	for _, p := range parts {
		for i := 0; i+1 < len(p); i += 2 {
			sum += uint32(binary.BigEndian.Uint16(p[i:]))
		}
		if len(p)%2 == 1 {
			sum += uint32(p[len(p)-1]) << 8
		}
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}
