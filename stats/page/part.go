package page

import (
	"html/template"
	"slices"

	"wsperf/stats/report"
)

// part is one of its fields.
type part struct {
	Heading  string
	Text     string
	List     []string
	Table    *grid
	Terms    []report.Detail
	Failures report.Failures
	Plots    []*figure // beside each other, if there is room
	Code     string
	Fold     *fold
}

// grid is a table with a cell per column of Head in each row.
type grid struct {
	Caption string
	Head    []cell
	Rows    [][]cell
}

// cell is a cell of a table.
type cell struct {
	Text   string
	Number bool // aligned to the right
	Key    int  // of the name that a click hides, from 1; 0: none
}

// fold is parts that are shown when its title is clicked.
type fold struct {
	Title string
	Parts []part
}

// figure is a plot with its drawing.
type figure struct {
	*plot
	SVG  template.HTML
	Note string
}

// plotted returns plots as a part, those that have anything to draw.
func plotted(all ...*figure) []part {
	drawn := slices.DeleteFunc(all, func(f *figure) bool { return !f.drawn() })
	if len(drawn) == 0 {
		return nil
	}
	return []part{{Plots: drawn}}
}

// fromReport draws the parts of a section of the report.
func fromReport(s *report.Section) (all []part) {
	for _, p := range s.Parts {
		switch p := p.(type) {
		case report.Sentence:
			all = append(all, part{Text: string(p)})
		case report.Block:
			all = append(all, part{Table: gridOfBlock(p)})
		case report.Table:
			all = append(all, part{Table: gridOf(p)})
		case report.Details:
			all = append(all, part{Terms: p})
		case report.Failures:
			all = append(all, part{Failures: p})
		}
	}
	return all
}

func gridOfBlock(b report.Block) *grid {
	g := &grid{Head: []cell{{Text: "figure"}, {Text: "value", Number: true}, {Text: "unit"}}}
	for _, f := range b.Figures {
		g.Rows = append(g.Rows, []cell{{Text: f.Label}, {Text: f.Value, Number: true}, {Text: f.Unit}})
	}
	return g
}

func gridOf(t report.Table) *grid {
	g := &grid{}
	for _, c := range t.Columns {
		g.Head = append(g.Head, cell{Text: c.Title, Number: c.Width > 0})
	}
	for _, row := range t.Rows {
		var cells []cell
		for i, text := range row {
			cells = append(cells, cell{Text: text, Number: t.Columns[i].Width > 0})
		}
		g.Rows = append(g.Rows, cells)
	}
	return g
}
