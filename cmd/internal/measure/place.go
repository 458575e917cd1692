package measure

import (
	"context"
	"errors"

	"wsperf/cmd/internal/job"
	"wsperf/cmd/internal/resultfile"
	"wsperf/cmd/internal/ui"
	"wsperf/stats"
	"wsperf/stats/page"
)

// Place is where a result goes: Out, HTML, JSON, Format and Requirements of the options.
type Place struct {
	options job.Options
	file    *resultfile.File // nil: none
	page    PageFile
}

// PreparePlace checks that a result which other processes are to measure can be written.
func PreparePlace(ctx context.Context, u *ui.UI, o job.Options) (p Place, err error) {
	if err := CheckOutput(u, o); err != nil {
		return p, err
	}
	p.options = o
	if p.page, err = PreparePage(o.HTML); err != nil {
		return p, err
	}
	if o.Out != "" && o.Out != job.StandardOutput {
		p.file, err = PrepareFile(ctx, o.Out, func(pipe string) { NoteWaiting(u, pipe) })
	}
	return p, err
}

// Deliver writes the result, prints it, and compares it with the requirements.
func (p *Place) Deliver(u *ui.UI, signals *ui.Interrupts, r *stats.Result) error {
	signals.Writing()
	unmet := Require(p.options.Requirements, r)
	// The report is printed even if the file is lost.
	lost := errors.Join(Save(&Measured{r, p.file}, signals), p.page.Save(page.Single(r), signals.OnExit))
	return errors.Join(lost, printResult(u, r, &p.options), Outcome(r), unmet)
}
