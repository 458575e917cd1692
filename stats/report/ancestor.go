package report

import (
	"bufio"
	"errors"
	"io"
	"math"
	"slices"
	"time"

	"wsperf/stats"
)

// openTimesUs keeps phase open of every connection, 4 bytes each. The ancestor's
// garbage clocks go by the uptime of its machine, so that they may need more.
type openTimesUs struct {
	low, high []int64 // below and above what 4 bytes hold
	fit       []int32
}

func (o *openTimesUs) add(us int64) {
	switch {
	case us < math.MinInt32:
		o.low = append(o.low, us)
	case us > math.MaxInt32:
		o.high = append(o.high, us)
	default:
		o.fit = append(o.fit, int32(us))
	}
}

func (o *openTimesUs) addAll(other *openTimesUs) {
	o.low = append(o.low, other.low...)
	o.high = append(o.high, other.high...)
	o.fit = append(o.fit, other.fit...)
}

func (o *openTimesUs) sort() {
	slices.Sort(o.low)
	slices.Sort(o.fit)
	slices.Sort(o.high)
}

func (o *openTimesUs) len() int { return len(o.low) + len(o.fit) + len(o.high) }

// at returns the i-th time once they are sorted.
func (o *openTimesUs) at(i int) float64 {
	if i < len(o.low) {
		return float64(o.low[i])
	}
	i -= len(o.low)
	if i < len(o.fit) {
		return float64(o.fit[i])
	}
	return float64(o.high[i-len(o.fit)])
}

// mean and deviation (of a sample, so from two times on) in microseconds.
func (o *openTimesUs) mean() float64 {
	sum := 0.0
	for i := range o.len() {
		sum += o.at(i)
	}
	return sum / float64(o.len())
}

func (o *openTimesUs) deviation(mean float64) float64 {
	sum := 0.0
	for i := range o.len() {
		sum += (o.at(i) - mean) * (o.at(i) - mean)
	}
	return math.Sqrt(sum / float64(o.len()-1))
}

// census is what the ancestor's script made of result files.
type census struct {
	files              int
	startedNs, endedNs int64
	success, fail      uint64
	open               openTimesUs // of all connections, failed ones too
}

func (c *census) add(other *census) {
	if c.files == 0 || other.startedNs < c.startedNs {
		c.startedNs = other.startedNs
	}
	c.endedNs = max(c.endedNs, other.endedNs)
	c.files += other.files
	c.success += other.success
	c.fail += other.fail
	c.open.addAll(&other.open)
}

// Ancestor prints the aggregate block of result files of both forms, with the
// arithmetic of the script that came with wsperf's ancestor: the times are of
// all connections, failed ones included, and its quantiles are those of the
// sorted times. It keeps 4 bytes for each connection. each is that of LoadAll,
// and so are the errors for the files; with none to be read nothing is printed.
// The last error is the first one of w.
func Ancestor(w io.Writer, paths []string, each func(path string)) ([]error, error) {
	return AncestorFrom(openFile, w, paths, each)
}

// AncestorFrom is Ancestor with another way to open a file.
func AncestorFrom(open Open, w io.Writer, paths []string, each func(path string)) ([]error, error) {
	var all census
	var errs []error
	load := func(path string) loaded[*census] { return loadFile(open, path, readCensus) }
	inOrder(paths, each, load, func(l loaded[*census]) {
		if l.value != nil {
			all.add(l.value)
		}
		if l.err != nil {
			errs = append(errs, &FileError{Path: l.path, Kept: l.value != nil, Err: l.err})
		}
	})
	if all.files == 0 {
		return errs, nil
	}
	out := bufio.NewWriter(w)
	all.print(out)
	return errs, out.Flush()
}

// readCensus reads the times of a file. Of a damaged one it returns those that
// come before the damage, beside a *Damage.
func readCensus(rd io.Reader) (*census, error) {
	c := &census{files: 1}
	tally := stats.NewTally()
	f := newFileReader(rd, func(r *record) {
		tally.Add(r.timing())
		c.open.add(r.openUs)
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
	c.startedNs, c.endedNs = f.doc.startedNs, f.doc.endedNs
	c.success, c.fail = tally.Result().Success, tally.Result().Fail
	if damage != nil {
		return c, damage
	}
	return c, nil
}

func (c *census) print(out io.Writer) {
	length := time.Duration(c.endedNs - c.startedNs)
	h := head{length, c.success + c.fail, c.success, c.fail, ratio(float64(c.success), length.Seconds())}
	h.print(out)
	c.open.sort()
	n := c.open.len()
	if n == 0 {
		openTimes(out, stats.NewHistogram())
		return
	}
	mean := c.open.mean()
	timeLine(out, "Min", c.open.at(0), true)
	timeLine(out, "SD", c.open.deviation(mean), n > 1)
	timeLine(out, "Avg", mean, true)
	timeLine(out, "Median", c.open.at(n/2), true)
	for _, q := range quantiles[1:] {
		part := int(q.least) // 1/(1-q); the script rounded n/part up
		timeLine(out, q.label, c.open.at(n-(n+part-1)/part), true)
	}
	timeLine(out, "Max", c.open.at(n-1), true)
}
