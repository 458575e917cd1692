package file

import (
	"errors"
	"io"
	"time"

	"wsperf/stats"
)

// LoadCensus reads the record of each connection from result files of both
// forms. each is that of LoadAll, and so are the errors. The census is nil if no
// file could be read. It takes 4 bytes per connection.
func LoadCensus(paths []string, each func(path string)) (*stats.Census, []error) {
	return LoadCensusFrom(openFile, paths, each)
}

// LoadCensusFrom is LoadCensus with another way to open a file.
func LoadCensusFrom(open Open, paths []string, each func(path string)) (*stats.Census, []error) {
	all := &stats.Census{}
	errs := loadInOrder(open, paths, each, readCensus, func(c *stats.Census) error {
		all.Add(c)
		return nil
	})
	if all.Files == 0 {
		return nil, errs
	}
	return all, errs
}

// readCensus reads the records of a file. Of a damaged one it returns those that
// come before the damage, beside a *Damage.
func readCensus(rd io.Reader) (*stats.Census, error) {
	c := &stats.Census{Files: 1}
	tally := stats.NewTally()
	f := newFileReader(rd, func(r *record) {
		tally.Add(r.timing())
		c.Open.Add(r.openUs)
	})
	damage, err := f.read()
	if err != nil {
		return nil, err
	}
	// A file whose numbers disagree is refused here too.
	if _, err := f.result(tally, damage != nil); err != nil {
		return nil, err
	}
	if !f.seen[logKey] {
		return nil, errors.New("no record of each connection: it was made without --log")
	}
	c.Started, c.Ended = time.Unix(0, f.doc.startedNs), time.Unix(0, f.doc.endedNs)
	c.Success, c.Fail = tally.Result().Success, tally.Result().Fail
	if damage != nil {
		return c, damage
	}
	return c, nil
}
