package host

import "encoding/binary"

// Offsets in a struct linux_dirent64 (getdents64(2)).
const (
	direntLength = 16 // d_reclen, in host byte order
	direntName   = 19 // d_name, which ends with a zero byte
)

// nextNumber returns the number that the name of the first directory entry is, 0 if it is none,
// and the entries behind it. It allocates nothing, unlike unix.ParseDirent.
func nextNumber(entries []byte) (n int, rest []byte) {
	if len(entries) < direntName {
		return 0, nil
	}
	length := int(binary.NativeEndian.Uint16(entries[direntLength:]))
	if length < direntName || length > len(entries) {
		return 0, nil
	}
	for _, c := range entries[direntName:length] {
		switch {
		case c == 0:
			return n, entries[length:]
		case c < '0' || c > '9' || n > 1<<30: // above any number of a process (PID_MAX_LIMIT)
			return 0, entries[length:]
		}
		n = 10*n + int(c-'0')
	}
	return n, entries[length:]
}
