package stats

import "testing"

func TestConnLogKeepsOrder(t *testing.T) {
	tests := []struct {
		name     string
		capacity int64
		records  int
		chunks   int // full ones
	}{
		{"empty", 0, 0, 0},
		{"one, unknown capacity", 0, 1, 0},
		{"capacity filled", 100, 100, 0},
		{"capacity exceeded", 100, 101, 1},
		{"chunk filled", 0, chunkRecords, 0},
		{"chunks exceeded", 0, 2*chunkRecords + 1, 2},
		{"negative capacity", -1, 3, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			log := NewConnLog(test.capacity)
			for i := range test.records {
				log.add(ConnRecord{OpenUs: uint32(i), Failed: i%2 == 1})
			}
			if log.Len() != test.records || len(log.full) != test.chunks {
				t.Errorf("Len() = %d with %d full chunks, want %d with %d",
					log.Len(), len(log.full), test.records, test.chunks)
			}
			i := 0
			for got := range log.All() {
				if want := (ConnRecord{OpenUs: uint32(i), Failed: i%2 == 1}); got != want {
					t.Fatalf("record %d is %+v, want %+v", i, got, want)
				}
				i++
			}
			if i != test.records {
				t.Errorf("All yields %d records, want %d", i, test.records)
			}
		})
	}
}

func TestConnLogAllStopsEarly(t *testing.T) {
	log := NewConnLog(2)
	for range 5 {
		log.add(ConnRecord{})
	}
	for _, stop := range []int{1, 2, 3} { // in the full chunk, at its end, in the tail
		n := 0
		for range log.All() {
			if n++; n == stop {
				break
			}
		}
		if n != stop {
			t.Errorf("%d records yielded, want %d", n, stop)
		}
	}
}

func TestConnLogBoundsPreallocation(t *testing.T) {
	for capacity, want := range map[int64]int64{-1: 0, 0: 0, 7: 7, maxPreallocated: maxPreallocated, 1 << 62: maxPreallocated} {
		if got := preallocated(capacity); got != want {
			t.Errorf("capacity %d: room for %d records, want %d", capacity, got, want)
		}
	}
}
