package file

import (
	"errors"
	"io"
	"time"

	"wsperf/stats"
)

// LoadCensus reads the record of each connection from result files of both formats.
// announce and the errors are those of LoadAll. The census is nil if no file could be
// used. It takes 4 bytes per connection.
func LoadCensus(paths []string, announce func(path string)) (*stats.Census, []error) {
	return LoadCensusFrom(openFile, paths, announce)
}

// LoadCensusFrom is LoadCensus with files opened by open.
func LoadCensusFrom(open Open, paths []string, announce func(path string)) (*stats.Census, []error) {
	all := &stats.Census{}
	errs := loadInOrder(open, paths, announce, readCensus, func(_ string, c *stats.Census) error {
		all.Add(c)
		return nil
	})
	if all.Files == 0 {
		return nil, errs
	}
	return all, errs
}

// readCensus reads the records of a file. For a damaged file it returns the records
// before the damage, and a *Damage.
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
	// Refuse a file whose numbers disagree, like Read.
	if _, err := f.result(tally, damage != nil); err != nil {
		return nil, err
	}
	if !f.seen[logKey] {
		return nil, errors.New("no record per connection: it was written without --log")
	}
	c.Started, c.Ended = time.Unix(0, f.doc.startedNs), time.Unix(0, f.doc.endedNs)
	c.Success, c.Fail = tally.Result().Success, tally.Result().Fail
	if damage != nil {
		return c, damage
	}
	return c, nil
}
