package measure

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/ui"
	"wsperf/engine"
	"wsperf/engine/host"
	"wsperf/stats"
	"wsperf/stats/file"
	"wsperf/stats/page"
	"wsperf/stats/report"
)

// RunAndPrint does the job, writes its result file and prints the report.
func RunAndPrint(ctx context.Context, u *ui.UI, j *job.Job) error {
	if err := CheckOutput(u, j.Options); err != nil {
		return err
	}
	p, err := PreparePage(j.HTML)
	if err != nil {
		return err
	}
	ctx, signals := ui.Watch(ctx, u)
	defer signals.Stop()
	signals.OnExit(j.Unready)
	m, err := Run(ctx, j, &printer{u, signals, j.Quiet || !u.Terminal(), j.Quiet})
	signals.Writing()
	if m == nil {
		return err
	}
	unmet := Require(j.Requirements, m.Result)
	// The report is printed even if the file is lost.
	lost := errors.Join(Save(m, signals), p.Save(page.Single(m.Result), signals.OnExit))
	return errors.Join(lost, printResult(u, m.Result, &j.Options), err, Outcome(m.Result), unmet)
}

// CheckOutput returns an error if the result would go nowhere.
func CheckOutput(u *ui.UI, o job.Options) error {
	if (o.Out == "" || o.Out == job.StandardOutput) && u.OutIsLost() {
		return errors.New("standard output is closed, and the result would be lost: redirect it, or give --out FILE (/dev/null to do without)")
	}
	return nil
}

// Save writes the result file, if there is to be one.
func Save(m *Measured, signals *ui.Interrupts) error {
	if m.File == nil {
		return nil
	}
	return m.File.Save(func(w io.Writer) error { return file.Write(w, m.Result) }, signals.OnExit)
}

func printResult(u *ui.UI, r *stats.Result, o *job.Options) error {
	switch format := o.Shown(); {
	case o.Out == job.StandardOutput && o.Quiet:
		return printLine(u, r)
	case o.Out == job.StandardOutput:
		return errors.Join(printReport(u.Stderr(), r), printLine(u, r))
	case format == report.FormatText:
		return cmp.Or(printReport(u.Out, r), u.Out.Flush())
	default:
		return cmp.Or(report.WriteAs(format, u.Out, r), u.Out.Flush())
	}
}

// printReport prints the report, unless there is nothing to be reported: the run did not begin.
func printReport(to io.Writer, r *stats.Result) error {
	if r.Idle() {
		return nil
	}
	return report.Text(to, r)
}

// printLine prints the result as one line, the last of standard output.
func printLine(u *ui.UI, r *stats.Result) error {
	line := oneLine{u.Out}
	return cmp.Or(file.Write(line, r), line.end(), u.Out.Flush())
}

// printer shows the user how a run goes.
type printer struct {
	u       *ui.UI
	signals *ui.Interrupts
	quiet   bool // show no progress
	hush    bool // the user wants it so
}

// Interval prints a line, below a header before the first one.
func (p *printer) Interval(iv stats.Interval) {
	line := report.IntervalLine(&iv)
	if iv.Offset == 0 {
		line = report.IntervalHeader + line
	}
	p.u.Print(line)
}

func (p *printer) Waiting(pipe string) { NoteWaiting(p.u, pipe) }

// NoteWaiting tells the user that a pipe has no reader yet.
func NoteWaiting(u *ui.UI, pipe string) {
	u.Note("waiting for a reader of the pipe " + pipe + " (Ctrl-C to give up)")
}

// AwaitsStart tells what the run waits for.
func (p *printer) AwaitsStart(what string) {
	if !p.hush {
		p.u.Note(what + " (Ctrl-C to give up)")
	}
}

func (p *printer) TesteeListens(at netip.AddrPort, cpus []int) {
	if !p.quiet {
		p.u.Note(fmt.Sprintf("built-in testee on %v, CPUs %s", at, host.FormatCPUs(cpus)))
	}
}

func (p *printer) Prepared(_ context.Context, warnings []engine.Warning) error {
	for _, w := range warnings {
		p.u.Warn(w.Text)
	}
	return nil
}

func (p *printer) Begun(read func() engine.Progress, goal ui.Goal) (ended func()) {
	p.signals.OnFirst("interrupted: closing open connections (again to stop at once)")
	if p.quiet {
		return func() {}
	}
	return p.u.ShowProgress(read, goal)
}
