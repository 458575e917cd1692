package drive

import (
	"encoding/json"
	"strconv"

	"wsperf/cmd/internal/job"
	"wsperf/engine"
)

// Driver and worker exchange lines of JSON. The driver writes to the worker's
// standard input, which it holds open for as long as it lives, and the worker
// answers on its standard output:
//
//	{"setup":{"options":{...},"progress":false}}
//	                                {"prepared":{"warnings":[...]}}
//	{"begin":{}}
//	                                {"progress":{...}}, a few each second if asked for
//	                                {"result":{"file":"...","exit":0,"errors":[]}}
//
// A worker that fails sends its result at once.

// order is a message to a worker. One field is set.
type order struct {
	Setup *setup    `json:"setup,omitempty"`
	Begin *struct{} `json:"begin,omitempty"`
}

type setup struct {
	Options  job.Options `json:"options"`
	Progress bool        `json:"progress"` // send progress
}

// answer is a message from a worker. One field is set.
type answer struct {
	Prepared *prepared `json:"prepared,omitempty"`
	Progress *progress `json:"progress,omitempty"`
	Result   *result   `json:"result,omitempty"`
}

type prepared struct {
	Warnings []engine.Warning `json:"warnings"`
}

// progress is engine.Progress.
type progress struct {
	Started  uint64 `json:"started"`
	Success  uint64 `json:"success"`
	Fail     uint64 `json:"fail"`
	Warmup   uint64 `json:"warmup"`
	InFlight int    `json:"in_flight"`
}

type result struct {
	File   string   `json:"file"`   // that was written; empty: none
	Exit   int      `json:"exit"`   // exit code to come
	Errors []string `json:"errors"` // a line each

	NoSuccess bool `json:"no_success,omitempty"` // nothing is wrong but that every handshake failed
}

// line encodes a message.
func line(message any) ([]byte, error) {
	data, err := json.Marshal(message)
	return append(data, '\n'), err
}

// appendProgress encodes a message of progress without an allocation, unlike
// package json: the heap of a measured window is reported.
func appendProgress(b []byte, p engine.Progress) []byte {
	b = append(b, `{"progress":{"started":`...)
	b = strconv.AppendUint(b, p.Started, 10)
	b = append(b, `,"success":`...)
	b = strconv.AppendUint(b, p.Success, 10)
	b = append(b, `,"fail":`...)
	b = strconv.AppendUint(b, p.Fail, 10)
	b = append(b, `,"warmup":`...)
	b = strconv.AppendUint(b, p.Warmup, 10)
	b = append(b, `,"in_flight":`...)
	b = strconv.AppendInt(b, int64(p.InFlight), 10)
	return append(b, "}}\n"...)
}
