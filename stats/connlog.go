package stats

import "iter"

// ConnRecord is the measurement of one connection, 16 bytes. Phases that a failed
// connection did not reach are 0. Recorder clamps the values to MaxTrackable, which
// fits in a uint32.
type ConnRecord struct {
	ConnectUs uint32 // phase connect in microseconds
	OpenUs    uint32 // phase open in microseconds
	CloseUs   uint32 // phase close in microseconds
	Failed    bool
}

const (
	chunkRecords = 64 << 10 // 1 MiB of records
	// Beyond this number (256 MiB of records) memory is allocated chunk by chunk, so
	// an absurd capacity does not make the program run out of memory at once.
	maxPreallocated = 16 << 20
)

// ConnLog holds one record per finished connection of one loop, in the order
// in which the connections ended.
type ConnLog struct {
	full [][]ConnRecord // full chunks
	tail []ConnRecord   // the chunk being filled
}

// NewConnLog returns an empty log that preallocates room for capacity records, at
// most 16 Mi. After those it grows by 64 Ki records (1 MiB) at a time.
func NewConnLog(capacity int64) *ConnLog {
	return &ConnLog{tail: make([]ConnRecord, 0, preallocated(capacity))}
}

func preallocated(capacity int64) int64 { return min(max(capacity, 0), maxPreallocated) }

func (l *ConnLog) add(c ConnRecord) {
	if len(l.tail) == cap(l.tail) {
		l.grow()
	}
	l.tail = append(l.tail, c)
}

func (l *ConnLog) grow() {
	if len(l.tail) > 0 {
		l.full = append(l.full, l.tail)
	}
	l.tail = make([]ConnRecord, 0, chunkRecords)
}

// Len returns the number of records.
func (l *ConnLog) Len() int {
	n := len(l.tail)
	for _, chunk := range l.full {
		n += len(chunk)
	}
	return n
}

// All yields the records in the order in which the connections ended.
func (l *ConnLog) All() iter.Seq[ConnRecord] {
	return func(yield func(ConnRecord) bool) {
		for _, chunk := range l.full {
			if !yieldAll(chunk, yield) {
				return
			}
		}
		yieldAll(l.tail, yield)
	}
}

func yieldAll(chunk []ConnRecord, yield func(ConnRecord) bool) bool {
	for _, c := range chunk {
		if !yield(c) {
			return false
		}
	}
	return true
}
