package file

import (
	"fmt"
	"math/bits"

	"wsperf/stats"
)

// Bits of record.has, one for each key of a record.
const (
	hasPreInit = 1 << iota
	hasPostInit
	hasOpen
	hasClose
	hasFailed

	hasAll = 1<<iota - 1
)

// recordKeys are the keys in the order of their bits.
var recordKeys = []string{"tcp_pre_init", "tcp_post_init", "open", "close", "failed"}

// record is one record of connection_stats, and the set of keys that it had. The keys
// are the ancestor's: the sum of tcp_pre_init and tcp_post_init is phase connect.
type record struct {
	preInitUs, postInitUs, openUs, closeUs int64
	failed                                 bool
	has                                    uint8
}

func (r *record) timing() stats.Timing {
	return stats.Timing{ConnectUs: r.connectUs(), OpenUs: r.openUs, CloseUs: r.closeUs, Failed: r.failed}
}

// connectUs returns the length of phase connect, or a negative number if one of its two
// parts is negative: their sum means nothing then.
func (r *record) connectUs() int64 {
	if part := min(r.preInitUs, r.postInitUs); part < 0 {
		return part
	}
	return r.preInitUs + r.postInitUs
}

// negative returns the first key with a negative duration and that duration, 0 if there is
// none.
func (r *record) negative() (key string, us int64) {
	for i, us := range [...]int64{r.preInitUs, r.postInitUs, r.openUs, r.closeUs} {
		if us < 0 {
			return recordKeys[i], us
		}
	}
	return "", 0
}

// record reads one record into r. All keys are required, in any order.
func (s *scanner) record(r *record) error {
	*r = record{}
	if err := s.open('{'); err != nil {
		return err
	}
	for n := uint64(0); ; n++ {
		more, err := s.more(n, '}')
		if err != nil {
			return err
		}
		if !more {
			return s.checkRecord(r)
		}
		if err := s.recordMember(r); err != nil {
			return err
		}
	}
}

func (s *scanner) recordMember(r *record) error {
	key, err := s.key()
	if err != nil {
		return err
	}
	switch string(key) {
	case "tcp_pre_init":
		return s.us(r, hasPreInit, &r.preInitUs)
	case "tcp_post_init":
		return s.us(r, hasPostInit, &r.postInitUs)
	case "open":
		return s.us(r, hasOpen, &r.openUs)
	case "close":
		return s.us(r, hasClose, &r.closeUs)
	case "failed":
		return s.failed(r)
	}
	_, err = s.value()
	return err
}

func (s *scanner) us(r *record, key uint8, to *int64) (err error) {
	if err := s.once(r, key); err != nil {
		return err
	}
	*to, err = s.integer()
	return err
}

func (s *scanner) failed(r *record) (err error) {
	if err := s.once(r, hasFailed); err != nil {
		return err
	}
	r.failed, err = s.boolean()
	return err
}

func (s *scanner) once(r *record, key uint8) error {
	if r.has&key != 0 {
		return s.fail(fmt.Errorf("duplicate key %q", recordKey(key)))
	}
	r.has |= key
	return nil
}

func (s *scanner) checkRecord(r *record) error {
	if missing := hasAll &^ r.has; missing != 0 {
		return s.fail(fmt.Errorf("key %q is missing from the preceding record", recordKey(missing)))
	}
	return nil
}

// recordKey returns the name of the lowest bit in keys.
func recordKey(keys uint8) string { return recordKeys[bits.TrailingZeros8(keys)] }
