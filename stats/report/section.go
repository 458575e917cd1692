package report

import "wsperf/stats"

// section is a part of the report with all that it says, computed and formatted. It
// is independent of the output format. A new format draws the five kinds of part; a new
// section is a function in the list of sections.
type section struct {
	title string // empty: the parts stand alone
	parts []part
}

// part is one of the types below.
type part interface{ isPart() }

// sentence is a statement about the whole run.
type sentence string

// block is a part of the aggregate block, in which the ancestor's users look things up.
type block struct {
	labelWidth int // labels end in this column
	figures    []figure
}

type figure struct {
	label string
	value string
	unit  string // empty: a number without a unit, or no number
}

// table has a cell per column in each row.
type table struct {
	columns []column
	rows    [][]string
}

// column is as wide as its widest cell should be, in characters; a negative width
// aligns the cells to the left.
type column struct {
	title string
	width int
}

// details are statements, each under the name of what it is about.
type details []detail

type detail struct{ name, text string }

// failures are the causes that were charged.
type failures []failure

type failure struct {
	name    string
	count   uint64
	codes   string   // counts of status codes or errnos; empty: the cause has none
	remedy  string   // what to do or what the errnos mean; empty: not known
	replies []string // lines, quoted, of printable ASCII
}

func (sentence) isPart() {}
func (block) isPart()    {}
func (table) isPart()    {}
func (details) isPart()  {}
func (failures) isPart() {}

// sections returns the report in its order. Sections that have nothing to say are
// left out.
func sections(r *stats.Result) []section {
	var all []section
	for _, of := range []func(*stats.Result) section{
		notKept, differences, aggregate, load, sources, unmeasured, interrupted, verdict, intervals, phases, outOfRange, causes, ends, loops, client, testeeCost, kernel, machine, requirements,
	} {
		if s := of(r); len(s.parts) > 0 {
			all = append(all, s)
		}
	}
	return all
}

func interrupted(r *stats.Result) (s section) {
	if r.Interrupted {
		s.parts = append(s.parts, sentence("The run was interrupted before its end."))
	}
	return s
}
