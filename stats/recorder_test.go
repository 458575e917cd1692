package stats

import (
	"crypto/tls"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sys/unix"
)

// sampleOf returns a sample without TLS that completed every other phase, each in ns nanoseconds.
func sampleOf(ns int64) *Sample {
	s := &Sample{}
	for p := range Phase(NumPhases) {
		s.Ns[p] = ns
		if !p.OfTLS() {
			s.Reached = s.Reached.With(p)
		}
	}
	return s
}

func mustMerge(t *testing.T, recs ...*Recorder) *Result {
	t.Helper()
	r, err := Merge(recs...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func countAt(h *hdrhistogram.Histogram, us int64) int64 {
	var n int64
	for _, bar := range h.Distribution() {
		if bar.From <= us && us <= bar.To {
			n += bar.Count
		}
	}
	return n
}

func TestPhasesSet(t *testing.T) {
	s := Phases(0).With(PhaseOpen).With(PhaseTotal).With(PhaseOpen)
	for p := range Phase(NumPhases) {
		want := p == PhaseOpen || p == PhaseTotal
		if s.Has(p) != want {
			t.Errorf("Has(%v) = %v, want %v", p, s.Has(p), want)
		}
	}
}

func TestSuccessRoundsAndClamps(t *testing.T) {
	tests := []struct {
		name                string
		ns                  int64
		wantUs              int64
		overruns, underruns uint64
	}{
		{"zero", 0, 0, 0, 0},
		{"below half", 499, 0, 0, 0},
		{"half goes up", 500, 1, 0, 0},
		{"above half", 1501, 2, 0, 0},
		{"below half of the second", 1499, 1, 0, 0},
		{"longest", int64(MaxTrackable), maxTrackableUs, 0, 0},
		{"one ns too long", int64(MaxTrackable) + 1, maxTrackableUs, 1, 0},
		{"longest int64", math.MaxInt64, maxTrackableUs, 1, 0},
		{"negative", -1, 0, 0, 1},
		{"most negative", math.MinInt64, 0, 0, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			log := NewConnLog(1)
			rec := NewRecorder(log)
			rec.Start()
			s := sampleOf(test.ns)
			s.Reached = s.Reached.With(PhaseSecure).With(PhaseSecureResumed)
			rec.Secured(TLSHandshake{})
			rec.Secured(TLSHandshake{Tried: true, Resumed: true})
			rec.Success(s)
			rec.Fin(FinReceived)
			res := mustMerge(t, rec)
			if err := res.Check(); err != nil {
				t.Error(err)
			}
			for p, phase := range res.Phases {
				if n := countAt(phase.Success, test.wantUs); n != 1 {
					t.Errorf("%v: %d values at %d us, want 1", Phase(p), n, test.wantUs)
				}
				if phase.Overruns != test.overruns || phase.Underruns != test.underruns {
					t.Errorf("%v: %d overruns, %d underruns, want %d, %d",
						Phase(p), phase.Overruns, phase.Underruns, test.overruns, test.underruns)
				}
			}
			us := uint32(test.wantUs)
			want := ConnRecord{ConnectUs: us, OpenUs: us, CloseUs: us}
			for got := range log.All() {
				if got != want {
					t.Errorf("log has %+v, want %+v", got, want)
				}
			}
		})
	}
}

func TestFailRecordsReachedPhasesAndTotal(t *testing.T) {
	log := NewConnLog(0)
	rec := NewRecorder(log)
	s := sampleOf(7000)
	s.Reached = Phases(0).With(PhaseConnect)
	rec.Start()
	rec.Fail(s, CauseOpenStatus)
	rec.Status(503)
	res := mustMerge(t, rec)
	if err := res.Check(); err != nil {
		t.Error(err)
	}
	for p, phase := range res.Phases {
		var want int64
		if Phase(p) == PhaseConnect || Phase(p) == PhaseTotal {
			want = 1
		}
		if n := phase.Failure.TotalCount(); n != want {
			t.Errorf("%v: %d failures, want %d", Phase(p), n, want)
		}
		if n := phase.Success.TotalCount(); n != 0 {
			t.Errorf("%v: %d successes, want 0", Phase(p), n)
		}
	}
	if res.Causes[CauseOpenStatus] != 1 || res.StatusCodes[503] != 1 {
		t.Errorf("causes %v, status codes %v", res.Causes, res.StatusCodes)
	}
	for got := range log.All() {
		if want := (ConnRecord{ConnectUs: 7, Failed: true}); got != want {
			t.Errorf("log has %+v, want %+v", got, want)
		}
	}
}

func TestStatusCodes(t *testing.T) {
	tests := []struct{ code, want int }{
		{100, 100}, {599, 599}, {404, 404}, {99, 0}, {600, 0}, {0, 0}, {-1, 0}, {math.MaxInt, 0}, {math.MinInt, 0},
	}
	for _, test := range tests {
		rec := NewRecorder(nil)
		rec.Status(test.code)
		res := mustMerge(t, rec)
		if len(res.StatusCodes) != 1 || res.StatusCodes[test.want] != 1 {
			t.Errorf("Status(%d): %v, want one %d", test.code, res.StatusCodes, test.want)
		}
	}
}

func TestCounters(t *testing.T) {
	rec := NewRecorder(nil)
	for range 6 {
		rec.Start()
	}
	for _, f := range []Fin{FinReceived, FinReset, FinReset, FinTimeout} {
		s := sampleOf(1000)
		if f != FinReceived {
			s.Reached &^= 1 << PhaseFin
		}
		rec.Success(s)
		rec.Fin(f)
	}
	rec.Fail(sampleOf(1000), CauseInterrupted)
	rec.Throttle()
	rec.Resume()
	rec.Resume()
	if started, success, fail := rec.Counts(); started != 6 || success != 4 || fail != 1 {
		t.Errorf("Counts() = %d, %d, %d", started, success, fail)
	}
	res := mustMerge(t, rec)
	if want := (FinResult{Received: 1, Reset: 2, Timeout: 1}); res.Fin != want {
		t.Errorf("Fin = %+v, want %+v", res.Fin, want)
	}
	if res.Throttled != 1 || res.Resumed != 2 {
		t.Errorf("throttled %d, resumed %d", res.Throttled, res.Resumed)
	}
	if err := res.Check(); err == nil {
		t.Error("Check accepts a connection that has started and not ended")
	}
}

func TestHotPathDoesNotAllocate(t *testing.T) {
	// AllocsPerRun calls the function once more, to warm up.
	rec := NewRecorder(NewConnLog(4 * 1001))
	inRange, outOfRange := sampleOf(123456), sampleOf(math.MaxInt64)
	outOfRange.Ns[PhaseOpen] = -1
	allocs := testing.AllocsPerRun(1000, func() {
		rec.Start()
		rec.Success(inRange)
		rec.Success(outOfRange)
		rec.Fail(inRange, CauseOpenStatus)
		rec.Fail(outOfRange, CauseClientOther)
		rec.Errno(CauseClientOther, int(unix.EINVAL))
		rec.Secured(TLSHandshake{Version: tls.VersionTLS13, Group: uint16(tls.X25519), Suite: tls.TLS_AES_128_GCM_SHA256, Tried: true})
		rec.Alert(70)
		rec.Status(404)
		rec.Status(-4)
		rec.Fin(FinTimeout)
		rec.Throttle()
		rec.Resume()
		rec.Counts()
	})
	if allocs != 0 {
		t.Errorf("%v allocations per call, want 0", allocs)
	}
	if n := mustMerge(t, rec).Phases[PhaseTotal].Success.TotalCount(); n != 2*1001 {
		t.Errorf("%d totals recorded, want %d", n, 2*1001)
	}
}

func TestRecorderStaysUnderFourMegabytes(t *testing.T) {
	const recorders = 8
	keep := make([]*Recorder, recorders)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range keep {
		keep[i] = NewRecorder(nil)
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / recorders; each >= 4_000_000 {
		t.Errorf("a recorder takes %d bytes, want less than 4 MB", each)
	}
	runtime.KeepAlive(keep)
}

func TestHistogramRange(t *testing.T) {
	h := NewHistogram()
	for _, us := range []int64{0, 1, time.Minute.Microseconds(), maxTrackableUs} {
		if err := h.RecordValue(us); err != nil {
			t.Errorf("RecordValue(%d): %v", us, err)
		}
		if from, got := float64(us), float64(h.Max()); got < from || got > from*1.001 {
			t.Errorf("%d us is recorded as %v, not within 0.1 %%", us, got)
		}
	}
}

func BenchmarkSuccess(b *testing.B) {
	rec := NewRecorder(nil)
	s := &Sample{
		Ns:      [NumPhases]int64{31_000, 68_400_000, 35_000_000, 90_000, 104_000_000},
		Reached: 1<<NumPhases - 1,
	}
	b.ReportAllocs()
	for b.Loop() {
		rec.Success(s)
	}
}
