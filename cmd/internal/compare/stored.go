package compare

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"wsperf/stats"
	"wsperf/stats/comparison"
	"wsperf/stats/file"
)

// storedTestee is results that were measured before.
type storedTestee struct {
	name  string
	paths []string
}

// isStored reports whether the arguments name files or folders: without a URL, PATH or
// NAME=PATH[,PATH...]. A testee whose URL is missing has a name, and no file of that name.
func isStored(args []string) bool {
	if len(args) == 0 || slices.ContainsFunc(args, func(a string) bool { return hasURL(a) || IsPlan(a) }) {
		return false
	}
	_, paths, named := strings.Cut(args[0], "=")
	first, _, _ := strings.Cut(paths, ",")
	return !named || exists(first)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// stored returns a comparison of what was measured before: that of a folder, or of results that
// share no rounds.
func (c *CommandLine) stored(args []string) (*Comparison, error) {
	if name := c.given(asked); name != "" {
		return nil, fmt.Errorf("--%s: nothing is measured: the arguments are results", name)
	}
	if len(args) == 1 && exists(filepath.Join(args[0], indexName)) {
		n, err := c.fromFolder(args[0])
		if err == nil {
			n.finished = true
		}
		return n, err
	}
	var testees []Testee
	var all []storedTestee
	for _, a := range args {
		s, err := parseStored(a)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
		testees = append(testees, Testee{Name: s.name, URL: "ws://stored/"})
	}
	p := plan{options: c.Options, testees: testees, loads: []Load{{Name: "stored", Options: c.load}}}
	if err := cmp.Or(checkTestees(testees), p.checkQuestions()); err != nil {
		return nil, err
	}
	study := p.study()
	study.Unpaired = true
	return &Comparison{plan: p, study: study, finished: true}, readStored(study, all)
}

// parseStored reads NAME=PATH[,PATH...], or PATH.
func parseStored(arg string) (s storedTestee, err error) {
	name, paths, named := strings.Cut(arg, "=")
	if !named {
		name, paths = nameOf(arg), arg
	}
	s.name = name
	for path := range strings.SplitSeq(paths, ",") {
		inside, err := resultsIn(path)
		if err != nil {
			return s, err
		}
		s.paths = append(s.paths, inside...)
	}
	return s, nil
}

// nameOf makes a name of that of a file.
func nameOf(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	name = strings.Map(func(r rune) rune {
		if checkName("x" + string(r)) {
			return r
		}
		return '_'
	}, name)
	return strings.TrimLeft(name[:min(len(name), maxName)], "-+_")
}

// resultsIn returns a file, or the results in a folder.
func resultsIn(path string) ([]string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w: must be a testee (NAME=URL), a plan, a result file, or a folder with some", path, cause(err))
	case !info.IsDir():
		return []string{path}, nil
	case exists(filepath.Join(path, indexName)):
		return nil, fmt.Errorf("folder %s has a comparison of its own: must be the only argument, or name some of its files", path)
	}
	all, err := filepath.Glob(filepath.Join(path, "*.json"))
	if err == nil && len(all) == 0 {
		err = errors.New("no file *.json")
	}
	if err != nil {
		return nil, fmt.Errorf("folder %s: %w", path, err)
	}
	return all, nil
}

// readStored adds the results to a study, and says what they differ in besides the testee.
func readStored(study *comparison.Study, all []storedTestee) error {
	var merged *stats.Result
	for testee, s := range all {
		for k, path := range s.paths {
			r, err := readResult(path)
			if err != nil {
				return err
			}
			run := comparison.Run{Round: k, Testee: testee, File: path}
			run.Describe(r, study.Loads[0].Kept())
			study.Runs = append(study.Runs, run)
			study.Rounds = max(study.Rounds, k+1)
			study.Loads[0].Text = r.Setup.LoadText()
			if merged == nil {
				merged = r
			} else if merged, err = stats.MergeResults(merged, r); err != nil {
				return err
			}
		}
	}
	var differ []string
	for _, d := range merged.Differences {
		if d.Name != "testee" {
			differ = append(differ, d.Name)
		}
	}
	if len(differ) > 0 {
		study.Warnings = append(study.Warnings, "The results differ in more than the testee: "+printable(strings.Join(differ, ", "))+".")
	}
	return nil
}

func readResult(path string) (*stats.Result, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("result file %s: %w", path, cause(err))
	}
	defer f.Close()
	r, err := file.Read(f)
	if err != nil {
		return nil, fmt.Errorf("result file %s: %w", path, err)
	}
	return r, nil
}
