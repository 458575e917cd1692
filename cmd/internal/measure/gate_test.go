package measure

import (
	"bytes"
	"testing"
	"time"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/ui"
	"wsperf/stats"
	"wsperf/stats/file"
)

// refused returns the job of a part whose connections are refused at once.
func refused(t *testing.T, p job.Part) *job.Job {
	t.Helper()
	o := job.Default()
	o.URL, o.Connections, o.Low, o.High, o.Part = "ws://127.0.0.1:1/", 4, 4, 4, p
	j, err := job.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// TestPartInTheResult: a part says which it is, when it was to begin, and how late it did.
func TestPartInTheResult(t *testing.T) {
	t.Setenv("WSPERF_NODE", "n1")
	at := time.Now().Add(300 * time.Millisecond).Round(0)
	p := job.Part{Shard: job.Shard{Number: 1, Of: 4}, RunID: "r1", Start: job.Start{At: at, MaxLateUs: time.Minute.Microseconds()}}
	m, err := Run(t.Context(), refused(t, p), silent{})
	if err != nil || len(m.Result.Parts) != 1 {
		t.Fatalf("%v, %+v", err, m)
	}
	got := m.Result.Parts[0]
	late := m.Result.Started.Sub(at)
	t.Logf("late by %v, clock %+v", late, got.Clock)
	if late < 0 || got.LateUs != late.Microseconds() || m.Result.Total != 1 {
		t.Errorf("late by %d us, want %v; %d connections", got.LateUs, late, m.Result.Total)
	}
	got.LateUs, got.Clock = 0, stats.Clock{} // they are the machine's
	if want := (stats.Part{Number: 1, Of: 4, RunID: "r1", Host: "n1", StartAt: at, Begun: true}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestNoPartInTheResult(t *testing.T) {
	m, err := Run(t.Context(), refused(t, job.Part{}), silent{})
	if err != nil || len(m.Result.Parts) > 0 || m.Result.Total != 4 {
		t.Errorf("%v, %+v", err, m.Result.Parts)
	}
}

// TestPartThatIsTooLate: it makes no connection, and nobody takes its result for one of the testee.
func TestPartThatIsTooLate(t *testing.T) {
	p := job.Part{Shard: job.Shard{Number: 0, Of: 2}, Start: job.Start{At: time.Now().Add(-time.Minute), MaxLateUs: 1000}}
	m, err := Run(t.Context(), refused(t, p), silent{})
	if m == nil || ui.ExitCode(err) != ui.ExitInvalid {
		t.Fatalf("%v, exit code %d", err, ui.ExitCode(err))
	}
	r := m.Result
	if !r.Idle() || r.Total != 0 || r.Verdict.Valid() || !r.Verdict.Known() || Outcome(r) != nil {
		t.Errorf("idle: %v, %d connections, verdict %+v, outcome %v", r.Idle(), r.Total, r.Verdict, Outcome(r))
	}
	if late := time.Duration(r.Parts[0].LateUs) * time.Microsecond; late < time.Minute || late > time.Hour {
		t.Errorf("late by %v, want a minute and some", late)
	}
}

// TestResultInOneLine: the line is the same JSON, and nothing else.
func TestResultInOneLine(t *testing.T) {
	m, err := Run(t.Context(), refused(t, job.Part{}), silent{})
	if err != nil {
		t.Fatal(err)
	}
	var whole, line bytes.Buffer
	one := oneLine{&line}
	for _, err := range []error{file.Write(&whole, m.Result), file.Write(one, m.Result), one.end()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if want := bytes.ReplaceAll(whole.Bytes(), []byte{'\n'}, nil); !bytes.Equal(line.Bytes(), append(want, '\n')) {
		t.Errorf("%.80q", line.String())
	}
	r, err := file.Read(bytes.NewReader(line.Bytes()))
	if err != nil || r.Total != 4 {
		t.Errorf("read back: %v, %+v", err, r)
	}
}
