package stats

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Errnos with a counter of their own. Linux numbers them up to EHWPOISON, 133
// (include/uapi/asm-generic/errno.h), on most architectures.
const (
	maxErrno   = 133
	otherErrno = 0 // stands for every errno above, and for a number without a name
)

// isCatchAll reports whether a cause stands for all errnos that are no cause of their own.
func (c Cause) isCatchAll() bool { return c == CauseConnectOther || c == CauseClientOther }

// ErrnoKey returns the key of an errno in the result file: its name, such as EINVAL, or
// "other" for 0.
func ErrnoKey(errno int) string {
	if name := unix.ErrnoName(unix.Errno(errno)); name != "" {
		return name
	}
	return otherKey
}

// ParseErrnoKey is the inverse of ErrnoKey. It refuses any text that ErrnoKey does not
// return.
func ParseErrnoKey(key string) (errno int, err error) {
	for errno := range maxErrno + 1 {
		if errnoWithName(errno) == errno && ErrnoKey(errno) == key {
			return errno, nil
		}
	}
	return 0, fmt.Errorf("%q: must be the name of an errno, such as EINVAL, or %q", key, otherKey)
}

// errnoWithName returns otherErrno for an errno without a counter or without a name.
func errnoWithName(errno int) int {
	if errno < 0 || errno > maxErrno || ErrnoKey(errno) == otherKey {
		return otherErrno
	}
	return errno
}

// Errno counts the errno that a failure comes from, and must be called once for each Fail.
// It has an effect for catch-all causes only. Errnos above maxErrno are counted as 0, "other".
func (r *Recorder) Errno(c Cause, errno int) {
	if !c.isCatchAll() {
		return
	}
	if errno < 0 || errno > maxErrno {
		errno = otherErrno
	}
	r.errnos[c][errno]++
}

func (r *Result) addErrnos(rec *Recorder) {
	for c := range rec.errnos {
		for errno, n := range rec.errnos[c] {
			r.AddErrno(Cause(c), errnoWithName(errno), n)
		}
	}
}

// AddErrno adds to the number of failures by a cause and an errno.
func (r *Result) AddErrno(c Cause, errno int, n uint64) {
	if n == 0 {
		return
	}
	if r.Errnos[c] == nil {
		r.Errnos[c] = make(map[int]uint64)
	}
	r.Errnos[c][errno] += n
}

// checkErrnos verifies that no cause has more errnos than failures. It may have fewer:
// older files lack them.
func (r *Result) checkErrnos() error {
	for c := range r.Errnos {
		if n := sum(r.Errnos[c]); n > r.Causes[c] {
			return fmt.Errorf("errnos of %v (%d) are more than its failures (%d)", Cause(c), n, r.Causes[c])
		}
	}
	return nil
}

func sum(counts map[int]uint64) (total uint64) {
	for _, n := range counts {
		total += n
	}
	return total
}
