package report

import "wsperf/stats"

// Section is a part of the report with all that it says, computed and formatted. It is independent of
// the output format, and all of its text is printable ASCII. A new format draws the five kinds of
// part; a new section is a row in the table of sections.
type Section struct {
	Name  string // in the table of sections
	Title string // empty: the parts stand alone
	Parts []Part
}

// Part is one of the types below.
type Part interface{ isPart() }

// Sentence is a statement about the whole run. It may have several lines.
type Sentence string

// Block is a part of the aggregate block, in which the ancestor's users look things up.
type Block struct {
	labelWidth int // labels end in this column
	Figures    []Figure
}

// Figure is a number with its name.
type Figure struct {
	Label string
	Value string
	Unit  string // empty: a number without a unit, or no number
}

// Table has a cell per column in each row.
type Table struct {
	Columns []Column
	Rows    [][]string
}

// Column is as wide as its widest cell should be, in characters; a negative width
// aligns the cells to the left.
type Column struct {
	Title string
	Width int
}

// Details are statements.
type Details []Detail

// Detail is a statement under the name of what it is about. Without a name it belongs to the one
// before it.
type Detail struct{ Name, Text string }

// Failures are the causes that were charged.
type Failures []Failure

// Failure is a cause of failure.
type Failure struct {
	Name    string
	Count   uint64
	Codes   string   // counts of status codes or errnos; empty: the cause has none
	Remedy  string   // what to do or what the errnos mean; empty: not known
	Replies []string // lines, quoted, of printable ASCII
}

func (Sentence) isPart() {}
func (Block) isPart()    {}
func (Table) isPart()    {}
func (Details) isPart()  {}
func (Failures) isPart() {}

// contents is the table of sections, in their order.
func contents() []sectionRow {
	return []sectionRow{
		{"incomplete", incomplete}, {"not kept", notKept}, {"differences", differences}, {"aggregate", aggregate}, {"load", load}, {"sources", sources},
		{"unmeasured", unmeasured}, {"interrupted", interrupted}, {"verdict", verdict}, {"parts", parts}, {"intervals", intervals}, {"phases", phases},
		{"out of range", outOfRange}, {"causes", causes}, {"ends", ends}, {"tls", secure}, {"loops", loops}, {"client", client}, {"testee", testeeCost},
		{"kernel", kernel}, {"machine", machine}, {"omitted", omitted}, {"requirements", requirements},
	}
}

type sectionRow struct {
	name string
	of   func(*stats.Result) Section
}

// Sections returns the report in its order. Sections that have nothing to say are left out.
func Sections(r *stats.Result) (all []Section) {
	for _, row := range contents() {
		if s := row.of(r); len(s.Parts) > 0 {
			s.Name = row.name
			all = append(all, s)
		}
	}
	return all
}

func interrupted(r *stats.Result) (s Section) {
	if r.Interrupted {
		s.Parts = append(s.Parts, Sentence("The run was interrupted before its end."))
	}
	return s
}
