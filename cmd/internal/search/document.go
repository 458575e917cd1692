package search

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"io"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/resultfile"
	"wsperf/cmd/internal/ui"
	"wsperf/stats"
	"wsperf/stats/file"
)

// Schema is the name and version of the document's format.
const Schema = "wsperf-search/1"

// SchemaJSON is the JSON Schema (draft 2020-12) of the document. It refers to that of the
// result file (file.SchemaJSON) by the name wsperf-1.schema.json.
//
//go:embed wsperf-search-1.schema.json
var SchemaJSON string

// document is the search as JSON.
type document struct {
	Schema   string    `json:"schema"`
	Config   config    `json:"config"`
	Complete bool      `json:"complete"`
	Highest  *Tally    `json:"highest"`  // nil: no rate is known that meets the requirements
	TooHigh  *Tally    `json:"too_high"` // nil: none is known
	Limit    limitedBy `json:"limit"`    // of TooHigh
	Steps    []step    `json:"steps"`
}

// config is what was asked for. How each step was made is in its result.
type config struct {
	From         float64  `json:"from"`
	To           float64  `json:"to"`
	Precision    float64  `json:"precision"`
	StepUs       int64    `json:"step_us"`
	Requirements []string `json:"requirements"`
}

// limitedBy says whose limit the rate that is too high is.
type limitedBy string

const (
	byNobody limitedBy = ""
	byTestee limitedBy = "testee"
	byClient limitedBy = "client"
)

// step is a run at one rate. Result is a result file of its own.
type step struct {
	Rate    float64         `json:"rate"`
	Outcome Outcome         `json:"outcome"`
	Kept    bool            `json:"kept"` // the client offered the rate
	Result  json.RawMessage `json:"result"`
}

// newStep encodes the result at once: as JSON it takes a hundredth of the memory.
func newStep(rate float64, o Outcome, r *stats.Result) (step, error) {
	var encoded bytes.Buffer
	err := file.Write(&encoded, r)
	return step{rate, o, r.Kept(), encoded.Bytes()}, err
}

func (r *searching) document(e ending) document {
	d := document{
		Schema: Schema, Complete: e.complete, Highest: e.Low, TooHigh: e.High, Steps: append([]step{}, r.steps...), // [] rather than null

		Config: config{From: r.plan.From, To: r.plan.To, Precision: r.plan.Precision, StepUs: r.options.StepUs},
	}
	for _, q := range r.options.Requirements {
		d.Config.Requirements = append(d.Config.Requirements, q.String())
	}
	switch {
	case e.High == nil:
		d.Limit = byNobody
	case e.High.ByClient():
		d.Limit = byClient
	default:
		d.Limit = byTestee
	}
	return d
}

func (d document) write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // for "fail% < 1"
	return e.Encode(d)
}

// save writes the file of the document, if there is to be one.
func (r *searching) save(f *resultfile.File, signals *ui.Interrupts, e ending) error {
	if f == nil {
		return nil
	}
	return f.Save(r.document(e).write, signals.OnExit)
}

// printDocument writes the document to standard output, if it goes there.
func (r *searching) printDocument(e ending) error {
	if !r.options.JSON && r.options.Out != job.StandardOutput {
		return nil
	}
	return errors.Join(r.document(e).write(r.ui.Out), r.ui.Out.Flush())
}
