package file

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
)

// object is a JSON object whose members are written in order.
type object []member

type member struct {
	key   string
	value any
}

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	var buf bytes.Buffer
	buf.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			buf.WriteByte(',')
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&buf, "%q:%s", m.key, value) // our keys are plain ASCII
	}
	buf.WriteByte('}')
	return buf.Bytes(), nil
}

// phaseShape is the JSON form of a stats.PhaseResult.
type phaseShape struct {
	Success   series `json:"success"`
	Failure   series `json:"failure"`
	Overruns  uint64 `json:"overruns"`
	Underruns uint64 `json:"underruns"`
	LeftOut   uint64 `json:"left_out,omitzero"`
}

// series is the JSON form of a histogram, in microseconds. If the histogram is empty,
// all numbers are 0. Read uses only Count and Histogram.
type series struct {
	Count     uint64  `json:"count"`
	Min       int64   `json:"min"`
	Mean      float64 `json:"mean"`
	StdDev    float64 `json:"stddev"`
	Q50       int64   `json:"q50"`
	Q90       int64   `json:"q90"`
	Q95       int64   `json:"q95"`
	Q99       int64   `json:"q99"`
	Q999      int64   `json:"q99_9"`
	Q9999     int64   `json:"q99_99"`
	Max       int64   `json:"max"`
	Histogram string  `json:"histogram"` // HdrHistogram V2 compressed encoding, in base64
}

func newSeries(h *hdrhistogram.Histogram) (series, error) {
	encoded, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		return series{}, fmt.Errorf("encode histogram: %w", err)
	}
	q := h.ValueAtPercentilesSlice([]float64{50, 90, 95, 99, 99.9, 99.99})
	return series{
		Count: uint64(h.TotalCount()),
		Min:   h.Min(), Mean: h.Mean(), StdDev: h.StdDev(), Max: h.Max(),
		Q50: q[0], Q90: q[1], Q95: q[2], Q99: q[3], Q999: q[4], Q9999: q[5],
		Histogram: string(encoded),
	}, nil
}

// clientShape is the JSON form of a stats.ClientCost. The added fields are in
// microseconds per connection started.
type clientShape struct {
	stats.ClientCost
	UserPer   float64 `json:"cpu_user_us_per_handshake"`
	SystemPer float64 `json:"cpu_system_us_per_handshake"`
}

// testeeCostShape is the JSON form of a known stats.TesteeCost, as clientShape.
type testeeCostShape struct {
	stats.TesteeCost
	UserPer   float64       `json:"cpu_user_us_per_handshake"`
	SystemPer float64       `json:"cpu_system_us_per_handshake"`
	Counters  countersShape `json:"counters,omitzero"` // in place of that of stats.TesteeCost
}

// newTesteeCostShape leaves out all numbers if none is known: a 0 would be taken for one.
func newTesteeCostShape(r *stats.Result) any {
	c := r.TesteeCost
	if !c.Known() {
		return object{{"unknown", c.Unknown}}
	}
	shape := testeeCostShape{TesteeCost: c, UserPer: r.PerConnection(c.UserUs), SystemPer: r.PerConnection(c.SystemUs)}
	if c.Counters.Known() {
		shape.Counters = newCountersShape(r, c.Counters)
	}
	return shape
}

// countersShape is the JSON form of the counters. Per holds the counts per connection started;
// Read does not use it.
type countersShape struct {
	stats.Counters
	Per map[string]float64 `json:"per_handshake,omitempty"`
}

func newCountersShape(r *stats.Result, c stats.Counters) countersShape {
	shape := countersShape{c, make(map[string]float64)}
	for name, n := range c.Counts {
		shape.Per[name] = r.PerConnection(int64(n))
	}
	return shape
}

// loadShape is the JSON form of the load. Achieved is null if the loaded window says nothing
// of the rate.
type loadShape struct {
	stats.LoadResult
	Achieved *float64 `json:"achieved"` // successes per second of the loaded window
}

func newLoadShape(r *stats.Result) loadShape {
	return loadShape{r.Load, newLoadedShape(r).PerSecond}
}

// loadedShape is the JSON form of the loaded window. PerSecond is null if the window says
// nothing of the rate.
type loadedShape struct {
	stats.LoadedResult
	PerSecond *float64 `json:"handshakes_per_second"`
}

func newLoadedShape(r *stats.Result) loadedShape {
	shape := loadedShape{LoadedResult: r.Loaded}
	if perSecond, ok := r.LoadedHandshakesPerSecond(); ok {
		shape.PerSecond = &perSecond
	}
	return shape
}
