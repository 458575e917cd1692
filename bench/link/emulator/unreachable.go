package emulator

import (
	"encoding/binary"
	"net/netip"
)

// unreachable returns the ICMP message by which a router at that address says that a
// packet's destination cannot be reached. Packets that the kernel would not answer either
// (ICMP itself, RFC 1122 section 3.2.2) get none: nil.
func unreachable(p []byte, router netip.Addr) []byte {
	if router.Is4() {
		return unreachable4(p, router)
	}
	return unreachable6(p, router)
}

// unreachable4: Destination Unreachable, Host Unreachable; with the packet's header and 8
// bytes (RFC 792).
func unreachable4(p []byte, router netip.Addr) []byte {
	const destinationUnreachable, hostUnreachable, ttl = 3, 1, 64
	if p[9] == protocolICMP {
		return nil
	}
	quoted := p[:min(len(p), int(p[0]&0xf)*4+8)]
	m := make([]byte, headerBytes4+icmpHeaderBytes, headerBytes4+icmpHeaderBytes+len(quoted))
	m = append(m, quoted...)
	m[0] = 4<<4 | headerBytes4/4
	binary.BigEndian.PutUint16(m[2:], uint16(len(m)))
	m[8], m[9] = ttl, protocolICMP
	copy(m[12:], router.AsSlice())
	copy(m[16:], p[12:16])
	binary.BigEndian.PutUint16(m[10:], checksum(m[:headerBytes4]))
	icmp := m[headerBytes4:]
	icmp[0], icmp[1] = destinationUnreachable, hostUnreachable
	binary.BigEndian.PutUint16(icmp[2:], checksum(icmp))
	return m
}

// unreachable6: Destination Unreachable, Address Unreachable; with as much of the packet as
// fits into the least MTU (RFC 4443 section 3.1). The checksum covers a pseudo-header (RFC
// 8200 section 8.1).
func unreachable6(p []byte, router netip.Addr) []byte {
	const destinationUnreachable, addressUnreachable, hopLimit = 1, 3, 64
	if p[6] == protocolICMPv6 {
		return nil
	}
	quoted := p[:min(len(p), minMTU6-headerBytes6-icmpHeaderBytes)]
	m := make([]byte, headerBytes6+icmpHeaderBytes, headerBytes6+icmpHeaderBytes+len(quoted))
	m = append(m, quoted...)
	icmp := m[headerBytes6:]
	m[0] = 6 << 4
	binary.BigEndian.PutUint16(m[4:], uint16(len(icmp)))
	m[6], m[7] = protocolICMPv6, hopLimit
	copy(m[8:], router.AsSlice())
	copy(m[24:], p[8:24])
	icmp[0], icmp[1] = destinationUnreachable, addressUnreachable
	pseudo := binary.BigEndian.AppendUint32(append([]byte(nil), m[8:40]...), uint32(len(icmp)))
	pseudo = append(pseudo, 0, 0, 0, protocolICMPv6)
	binary.BigEndian.PutUint16(icmp[2:], checksum(pseudo, icmp))
	return m
}
