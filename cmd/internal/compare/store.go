package compare

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"wsperf/cmd/internal/resultfile"
	"wsperf/stats"
	"wsperf/stats/comparison"
	"wsperf/stats/require"
)

// indexName is the file of a comparison's folder that lists its runs.
const indexName = "index.json"

// Schema is the name and version of the index.
const Schema = "wsperf-compare/1"

// index is a comparison as far as it has come. It has the plan as it was given, credentials
// included, to go on with.
type index struct {
	Schema  string            `json:"schema"`
	Options Options           `json:"options"`
	Testees []Testee          `json:"testees"`
	Loads   []Load            `json:"loads"`
	Study   *comparison.Study `json:"comparison"`
}

// store is the folder in which the results of a comparison are kept.
type store struct{ folder string }

// newStore makes the folder. It may exist if it is empty.
func newStore(folder string) (*store, error) {
	if folder == "" {
		folder = "wsperf-compare-" + time.Now().Format("20060102-150405")
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, fmt.Errorf("folder %s: %w: must be a folder that can be made", folder, cause(err))
	}
	entries, err := os.ReadDir(folder)
	switch {
	case err != nil:
		return nil, fmt.Errorf("folder %s: %w", folder, cause(err))
	case len(entries) > 0:
		return nil, fmt.Errorf("folder %s is not empty: name another one, or --resume it", folder)
	}
	s := &store{folder}
	if _, err := resultfile.Prepare(s.path(indexName)); err != nil {
		return nil, err
	}
	return s, nil
}

// cause removes the call and the path, which package os adds.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func (s *store) path(name string) string { return filepath.Join(s.folder, name) }

// fileName is that of a run's result.
func fileName(number int, load, testee string) string {
	return fmt.Sprintf("%04d-%s-%s.json", number, load, testee)
}

// save writes the index. Only its owner can read it.
func (s *store) save(i *index) error {
	f, err := resultfile.PrepareSecret(s.path(indexName))
	if err != nil {
		return err
	}
	return f.Save(i.write, func(func()) {})
}

func (i *index) write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(i)
}

// load reads the index of a comparison.
func (s *store) load() (*index, error) {
	text, err := readBeginning(s.path(indexName), maxIndex+1)
	if err != nil {
		return nil, fmt.Errorf("folder %s: %s: %w: must be the folder of a comparison", s.folder, indexName, err)
	}
	i, err := parseIndex(text)
	if err != nil {
		return nil, fmt.Errorf("folder %s: %s: %w", s.folder, indexName, err)
	}
	return i, nil
}

// readBeginning reads n bytes of a file, or all of a shorter one.
func readBeginning(path string, n int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, cause(err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, n))
	return text, cause(err)
}

// maxIndex is more than an index with as many runs as there can be, each with its problem and output.
const maxIndex = 512 << 20

func parseIndex(text []byte) (*index, error) {
	if len(text) > maxIndex {
		return nil, fmt.Errorf("larger than %d MiB: it is no index", maxIndex>>20)
	}
	i := &index{}
	if err := json.Unmarshal(text, i); err != nil {
		return nil, err
	}
	if i.Schema != Schema || i.Study == nil {
		return nil, fmt.Errorf("schema %.40q: must be %s", i.Schema, Schema)
	}
	return i, i.check()
}

// complete reads the results again of which a run lacks a measure that it is to keep now.
func (s *store) complete(study *comparison.Study) error {
	for k := range study.Runs {
		run := &study.Runs[k]
		kept := study.Loads[run.Load].Kept()
		if run.File == "" || run.Problem != "" || !slices.ContainsFunc(kept, func(m string) bool { return run.Values[m] == nil }) {
			continue
		}
		result, err := s.result(run.File)
		if err != nil {
			return err
		}
		run.Describe(result, kept)
	}
	return nil
}

// result reads the result of a run.
func (s *store) result(name string) (*stats.Result, error) {
	return readResult(s.path(filepath.Base(name)))
}

// clean replaces what could control a terminal in the texts of a run, and drops what is no value of
// a measure.
func clean(r *comparison.Run) {
	r.Problem, r.File = printable(r.Problem), printable(r.File)
	maps.DeleteFunc(r.Values, func(measure string, v *float64) bool {
		_, err := require.Find(measure)
		return err != nil || v == nil || !comparison.IsValue(*v)
	})
	for k := range r.Output {
		r.Output[k] = printable(r.Output[k])
	}
	for k := range r.Marks {
		r.Marks[k] = comparison.Mark(printable(string(r.Marks[k])))
	}
}

// check checks what the rest of the program relies on: a file can hold anything.
func (i *index) check() error {
	s := i.Study
	if err := cmp.Or(i.Options.checkValues(), checkTestees(i.Testees), checkLoads(i.Loads)); err != nil {
		return err
	}
	if len(s.Testees) != len(i.Testees) || len(s.Loads) != len(i.Loads) || len(s.Loads) == 0 || s.Rounds < 0 || s.Rounds > mostRounds || s.Unpaired || !(s.Level > 0 && s.Level < 1) {
		return errors.New("the comparison does not fit its plan")
	}
	if err := i.checkRuns(); err != nil {
		return err
	}
	for k := range s.Runs {
		clean(&s.Runs[k])
	}
	for k := range s.Warnings {
		s.Warnings[k] = printable(s.Warnings[k])
	}
	for k := range s.Testees {
		s.Testees[k] = i.Testees[k].Name // plain
	}
	for k := range s.Loads {
		s.Loads[k] = i.Loads[k].described(i.Options.Measure)
	}
	return nil
}

// checkRuns checks that each run has a turn of its own.
func (i *index) checkRuns() error {
	made := make(map[turn]bool, len(i.Study.Runs))
	for _, r := range i.Study.Runs {
		if r.Testee < 0 || r.Testee >= len(i.Testees) || r.Load < 0 || r.Load >= len(i.Loads) || r.Round < 0 || r.Round >= i.Study.Rounds {
			return errors.New("a run is of no testee, load or round of the plan")
		}
		t := turn{r.Round, r.Load, r.Testee}
		if made[t] {
			return fmt.Errorf("two runs of testee %s, load %s, are of round %d", i.Testees[t.testee].Name, i.Loads[t.load].Name, t.round+1)
		}
		made[t] = true
	}
	return nil
}
