package main

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// event is a line of go test -json (go doc test2json, go help buildjson).
type event struct {
	Action  string
	Package string
	Test    string // "": the package as a whole
	Output  string
}

// printer turns events into the text that go test prints without -json.
type printer struct {
	out      io.Writer
	verbose  bool // print all that tests print, at once
	packages map[string]*pkg
	skipped  []string // lines about tests
	short    int      // tests that -short skips
	failed   bool
}

// pkg is a package whose tests are running.
type pkg struct {
	tests  map[string]*test
	order  []*test // in the order of their start
	output []string
}

type test struct {
	end     string // pass, fail or skip; "" while it runs, or if the program ended within it
	verdict string // such as "--- FAIL: TestX (0.00s)", if it was reached
	output  []string
}

// line handles a line of go test -json. One that is no event is printed as it is.
func (p *printer) line(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil || e.Action == "" {
		_, _ = p.out.Write(line)
		return
	}
	switch {
	case e.Action == "build-output", p.verbose && e.Action == "output" && e.Test == "":
		p.print(e.Output)
	case e.Package == "":
	case e.Test != "":
		p.test(e)
	case e.Action == "output":
		k := p.pkg(e.Package)
		k.output = append(k.output, e.Output)
	case e.Action == "pass" || e.Action == "skip": // skip: it has no test files
		if output := p.pkg(e.Package).output; len(output) > 0 {
			p.print(output[len(output)-1])
		}
		delete(p.packages, e.Package)
	case e.Action == "fail":
		p.packageFailed(p.pkg(e.Package))
		delete(p.packages, e.Package)
	}
}

func (p *printer) pkg(name string) *pkg {
	k := p.packages[name]
	if k == nil {
		k = &pkg{tests: map[string]*test{}}
		p.packages[name] = k
	}
	return k
}

var (
	progress = regexp.MustCompile(`^=== (RUN|PAUSE|CONT|NAME) `)
	verdict  = regexp.MustCompile(`^ *--- (PASS|FAIL|SKIP): `)
	logged   = regexp.MustCompile(`^ +\S+\.go:\d+: (.*)`)
)

func (p *printer) test(e event) {
	k := p.pkg(e.Package)
	t := k.tests[e.Test]
	if t == nil {
		t = &test{}
		k.tests[e.Test] = t
		k.order = append(k.order, t)
	}
	switch e.Action {
	case "output":
		if p.verbose {
			p.print(e.Output)
		}
		switch {
		case progress.MatchString(e.Output):
		case verdict.MatchString(e.Output):
			t.verdict = e.Output
		default:
			t.output = append(t.output, e.Output)
		}
	case "pass", "fail":
		t.end = e.Action
	case "skip":
		t.end = e.Action
		p.skip(e, t)
	}
}

// skip notes a skipped test. By the rule of this project, a reason that begins with
// "-short" is that of a test which -short skips.
func (p *printer) skip(e event, t *test) {
	reason := "no reason is given"
	for _, line := range t.output { // the last log entry is that of t.Skip
		if m := logged.FindStringSubmatch(line); m != nil {
			reason = m[1]
		}
	}
	if strings.HasPrefix(reason, "-short") {
		p.short++
		return
	}
	_, folder, _ := strings.Cut(e.Package, "/") // without the module
	p.skipped = append(p.skipped, fmt.Sprintf("SKIPPED: %s %s: %s\n", folder, e.Test, reason))
}

// packageFailed prints the tests that failed or did not end, and then what was
// printed outside of tests.
func (p *printer) packageFailed(k *pkg) {
	p.failed = true
	if p.verbose {
		return
	}
	for _, t := range k.order {
		if t.end == "fail" || t.end == "" {
			p.print(t.verdict)
			p.print(t.output...)
		}
	}
	p.print(k.output...)
}

// close prints what go test prints last, and the skipped tests.
func (p *printer) close() {
	for _, k := range p.packages { // go test itself was ended
		p.packageFailed(k)
	}
	if p.failed {
		p.print("FAIL\n")
	}
	p.print(p.skipped...)
	if p.short > 0 {
		p.print(fmt.Sprintf("SKIPPED: %d with -short\n", p.short))
	}
}

func (p *printer) print(texts ...string) {
	for _, text := range texts {
		_, _ = io.WriteString(p.out, text) // if nobody reads, the exit code still tells
	}
}
