package engine

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"wsperf/stats"
)

// made is the connections of a load, or of its parts together: when those of the warm-up and the measured
// ones were meant to start.
type made struct{ warm, measured []int64 }

// make adds the starts of a loop with that load, each made when it is due.
func (m *made) make(ld Load) {
	p := newPacer(ld, 1, nil)
	for !p.done() {
		say, atNs := p.next(p.schedule.dueNs, 0, 0)
		switch {
		case !say.starts():
		case p.warming:
			m.warm = append(m.warm, atNs)
		default:
			m.measured = append(m.measured, atNs)
		}
	}
}

func (m *made) sort() {
	slices.Sort(m.warm)
	slices.Sort(m.measured)
}

// randomOpenLoop returns a load of some hundred starts, which ends by time or by connections.
func randomOpenLoop(r *rand.Rand) Load {
	ld := Load{Arrivals: stats.ArrivalsEven}
	for range 1 + r.IntN(3) {
		s := stats.Stage{From: 1 + 200*r.Float64(), To: 200 * r.Float64(), LengthUs: 1 + r.Int64N(2e6)}
		ld.Stages, ld.Duration = append(ld.Stages, s), ld.Duration+s.Length()
	}
	if r.IntN(2) == 0 {
		last := &ld.Stages[len(ld.Stages)-1]
		last.LengthUs, last.To = 0, last.From
		ld.Duration, ld.Connections, ld.WarmupConnections = 0, 64+r.Int64N(300), r.Int64N(100)
		return ld
	}
	ld.Warmup = time.Duration(r.IntN(2)) * time.Second / 3
	return ld
}

// TestPartsMakeTheStartsOfTheWhole: processes with any numbers of loops make exactly the starts of one process
// with one loop, at the same times, and offer its rate.
func TestPartsMakeTheStartsOfTheWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for range 300 {
		whole, processes := randomOpenLoop(r), 1+r.IntN(9)
		if err := whole.check(); err != nil {
			t.Fatal(err)
		}
		var want, got made
		want.make(whole)
		offered := 0.0
		for i := range processes {
			part, loops := whole.Part(processes, i), 1+r.IntN(5)
			offered += part.offered()
			for j := range loops {
				got.make(part.Part(loops, j))
			}
		}
		got.sort()
		if !slices.Equal(got.warm, want.warm) || !slices.Equal(got.measured, want.measured) {
			t.Fatalf("%d parts make %d and %d starts, the whole %d and %d, or at other times: %+v",
				processes, len(got.warm), len(got.measured), len(want.warm), len(want.measured), whole)
		}
		if err := math.Abs(offered/whole.offered() - 1); whole.Connections == 0 && err > 1e-12 {
			t.Errorf("%d parts offer %v a second, the whole %v", processes, offered, whole.offered())
		}
	}
}

// TestPartsAddUp: what is counted is divided without a remainder, however often.
func TestPartsAddUp(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 2))
	for range 300 {
		whole := Load{Connections: r.Int64N(1e6), WarmupConnections: r.Int64N(1e6), Low: r.IntN(1e6), High: r.IntN(1e6)}
		var sum Load
		processes, loops := 1+r.IntN(9), 1+r.IntN(9)
		for i := range processes * loops {
			p := whole.Part(processes, i%processes).Part(loops, i/processes)
			sum.Connections, sum.WarmupConnections = sum.Connections+p.Connections, sum.WarmupConnections+p.WarmupConnections
			sum.Low, sum.High = sum.Low+p.Low, sum.High+p.High
		}
		if sum.Connections != whole.Connections || sum.WarmupConnections != whole.WarmupConnections || sum.Low != whole.Low || sum.High != whole.High {
			t.Fatalf("%d parts of %d loops: %+v, want %+v", processes, loops, sum, whole)
		}
	}
}

// TestWarmupOfLoopsHasTheLengthOfTheWhole: loops divide the connections of a warm-up, not its time.
func TestWarmupOfLoopsHasTheLengthOfTheWhole(t *testing.T) {
	whole := stages(100, 1000)
	whole.WarmupConnections = 50
	for i := range 3 {
		part := whole.Part(3, i)
		if got := part.schedule()[0].Length(); got != time.Second/2 {
			t.Errorf("loop %d warms up for %v, want 500ms", i, got)
		}
	}
}
