package job

import (
	"fmt"
	"strings"

	"wsperf/engine/host"
)

// perfControl is a pflag.Value: the names of one or two FIFOs.
type perfControl struct{ to *string }

func (p perfControl) String() string { return "" }
func (p perfControl) Type() string   { return "string" }

func (p perfControl) Set(text string) error {
	control, ack, two := strings.Cut(text, ",")
	if control == "" || two && (ack == "" || ack == control || strings.Contains(ack, ",")) {
		return badValue("must be the names of one or two FIFOs, such as ctl.fifo,ack.fifo")
	}
	*p.to = text
	return nil
}

// OpenProfiler opens the FIFOs of the profiler, if there is to be one. release closes them. The
// error is one line that says what is wrong with which FIFO.
func (j *Job) OpenProfiler() (release func(), err error) {
	if j.PerfControl == "" {
		return func() {}, nil
	}
	control, ack, _ := strings.Cut(j.PerfControl, ",")
	p, err := host.OpenPerfControl(control, ack)
	if err != nil {
		return nil, fmt.Errorf("--perf-control: %w", err)
	}
	j.profiler = p
	return p.Close, nil
}
