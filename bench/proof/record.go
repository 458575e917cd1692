package main

import (
	"encoding/json"
	"io"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
)

// counts are those of connections.
type counts struct {
	Accepted uint64 `json:"accepted"`
	Opened   uint64 `json:"opened"`  // 101 sent
	Refused  uint64 `json:"refused"` // 403 sent instead
	Closed   uint64 `json:"closed"`  // close frame received and sent
	Ended    uint64 `json:"ended"`   // FIN sent after both handshakes
	Broken   uint64 `json:"broken"`  // none of the above followed: RST, FIN, or not a request or close frame
}

// record is what the testee has done.
type record struct {
	counts
	steps [numSteps]stepRecord
	serve *hdrhistogram.Histogram // from the arrival in the accept queue until the 101 was sent
}

// stepRecord has the times of one step in microseconds, with the range and precision of the
// client's histograms.
type stepRecord struct{ took, late *hdrhistogram.Histogram }

func newRecord() record {
	r := record{serve: stats.NewHistogram()}
	for s := range r.steps {
		r.steps[s] = stepRecord{stats.NewHistogram(), stats.NewHistogram()}
	}
	return r
}

// done records a step that was begun, was due, and was done at these times.
func (s *stepRecord) done(begunNs, dueNs, doneNs int64) {
	recordNs(s.took, doneNs-begunNs)
	recordNs(s.late, doneNs-dueNs)
}

// recordNs rounds half up, as stats.Recorder does. Values above the range cannot occur:
// maxDelay is below it.
func recordNs(h *hdrhistogram.Histogram, ns int64) {
	_ = h.RecordValue((ns + 500) / int64(time.Microsecond))
}

// report is the record as JSON. Histograms are in microseconds, in HdrHistogram's V2
// encoding, compressed, in base64.
type report struct {
	counts
	Serve string                `json:"serve"` // from the arrival in the accept queue until the 101 was sent
	Steps map[string]stepReport `json:"steps"`
}

type stepReport struct {
	Took string `json:"took"` // from the event that the step follows until it was done
	Late string `json:"late"` // from when it was due until it was done
}

// write writes the report in one line.
func (r *record) write(w io.Writer) error {
	out := report{counts: r.counts, Serve: encode(r.serve), Steps: map[string]stepReport{}}
	for s := range r.steps {
		out.Steps[step(s).String()] = stepReport{Took: encode(r.steps[s].took), Late: encode(r.steps[s].late)}
	}
	return json.NewEncoder(w).Encode(out)
}

func encode(h *hdrhistogram.Histogram) string {
	text, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		panic(err) // of an encoder that writes to memory
	}
	return string(text)
}
