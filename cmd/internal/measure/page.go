package measure

import (
	"wsperf/cmd/internal/resultfile"
	"wsperf/stats/page"
)

// PageFile is the place of a page, or none.
type PageFile struct{ file *resultfile.File }

// PreparePage checks that a page can be written, before a run is spent on it. Without a path there is
// none.
func PreparePage(path string) (p PageFile, err error) {
	if path != "" {
		p.file, err = resultfile.PreparePage(path)
	}
	return p, err
}

// Save writes the page, if there is to be one. begun is told how to undo what is on disk so far.
func (p PageFile) Save(what *page.Page, begun func(undo func())) error {
	if p.file == nil {
		return nil
	}
	return p.file.Save(what.Write, begun)
}
