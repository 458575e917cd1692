package stats

import (
	"maps"
	"testing"

	"golang.org/x/sys/unix"
)

// recordErrnos records a failure for cause c for each of the errnos.
func recordErrnos(c Cause, errnos ...unix.Errno) *Recorder {
	rec := NewRecorder(nil)
	for _, errno := range errnos {
		rec.Start()
		rec.Fail(&Sample{}, c)
		rec.Errno(c, int(errno))
	}
	return rec
}

// TestErrnos counts the errnos of catch-all causes, and merges them twice: those of loops
// and those of results.
func TestErrnos(t *testing.T) {
	loops := mustMerge(t, recordErrnos(CauseClientOther, unix.EINVAL, unix.ENODEV, unix.EINVAL),
		recordErrnos(CauseClientOther, unix.EINVAL, 0, 41, 134, 4095), // 41 has no name
		recordErrnos(CauseConnectOther, unix.EPROTO),
		recordErrnos(CauseConnectRefused, unix.ECONNREFUSED))
	older := mustMerge(t, recordErrnos(CauseClientOther, unix.EINVAL))
	older.Errnos = [NumCauses]map[int]uint64{}
	both, err := MergeResults(loops, older, loops)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []struct {
		result *Result
		times  uint64
	}{{loops, 1}, {both, 2}} {
		if err := r.result.Check(); err != nil {
			t.Error(err)
		}
		for c, want := range map[Cause]map[int]uint64{
			CauseClientOther:    {int(unix.EINVAL): 3 * r.times, int(unix.ENODEV): r.times, otherErrno: 4 * r.times},
			CauseConnectOther:   {int(unix.EPROTO): r.times},
			CauseConnectRefused: {},
		} {
			if got := r.result.Errnos[c]; !maps.Equal(got, want) {
				t.Errorf("%v: errnos %v, want %v", c, got, want)
			}
		}
	}
	loops.Errnos[CauseClientOther][int(unix.EINVAL)] = 5
	if err := loops.Check(); err == nil || err.Error() != "errnos of client_other (10) are more than its failures (8)" {
		t.Error(err)
	}
}

func TestErrnoKeys(t *testing.T) {
	for errno := range maxErrno + 1 {
		if got, err := ParseErrnoKey(ErrnoKey(errno)); err != nil || got != errnoWithName(errno) {
			t.Errorf("%d: %s is parsed as %d, %v", errno, ErrnoKey(errno), got, err)
		}
	}
	for _, key := range []string{"", "22", "einval", "EINVAL ", "EFOO", "Other", "\x1b"} {
		if errno, err := ParseErrnoKey(key); err == nil {
			t.Errorf("%q is parsed as %d", key, errno)
		}
	}
}
