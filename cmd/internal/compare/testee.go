package compare

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"wsperf/cmd/internal/job"
)

// Testee is a server that is compared with others. The YAML keys are those of a plan, the JSON
// keys those of the index.
type Testee struct {
	Name    string `yaml:"name" json:"name"`
	URL     string `yaml:"url" json:"url"`
	WSS     string `yaml:"wss" json:"wss,omitempty"`         // the URL under the schemes wss and wss-resumed; empty: as URL
	Command string `yaml:"command" json:"command,omitempty"` // that starts it, for the shell; empty: it runs
	CPUs    string `yaml:"cpus" json:"cpus,omitempty"`       // that the command may use, such as 0-1,3; empty: all
}

// maxName is the length of a name, in characters.
const maxName = 24

// checkName admits names that are short enough for a column, and plain enough for the name of a file and
// for an expression.
func checkName(name string) bool {
	for i, c := range name {
		switch {
		case c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
		case i > 0 && (c == '-' || c == '+' || c == '_'):
		default:
			return false
		}
	}
	return name != "" && len(name) <= maxName
}

const wantName = "must be 1 to 24 letters, digits, -, + or _, such as gorilla or v2"

// isURL reports whether a text begins with a scheme of RFC 6455 section 3.
func isURL(text string) bool {
	return strings.HasPrefix(text, "ws://") || strings.HasPrefix(text, "wss://")
}

// hasURL reports whether there is a URL anywhere in a text.
func hasURL(text string) bool {
	return strings.Contains(text, "ws://") || strings.Contains(text, "wss://")
}

// parseTestee reads a testee of the command line: NAME=URL, or NAME=COMMAND@URL.
func parseTestee(text string) (t Testee, err error) {
	const want = "must be NAME=URL or NAME='COMMAND'@URL, such as gws=ws://127.0.0.1:9023/"
	name, rest, found := strings.Cut(text, "=")
	if !found {
		return t, fmt.Errorf("testee %q: %s", job.Mask(text), want)
	}
	t.Name, t.URL = name, rest
	if at := max(strings.LastIndex(rest, "@ws://"), strings.LastIndex(rest, "@wss://")); at >= 0 && !isURL(rest) {
		t.Command, t.URL = strings.TrimSpace(rest[:at]), rest[at+1:]
	}
	switch {
	case !isURL(t.URL):
		return t, fmt.Errorf("testee %q: no URL: %s", job.Mask(text), want)
	case t.Command == "" && t.URL != rest:
		return t, fmt.Errorf("testee %q: the command is empty: %s", job.Shortened(name), want)
	}
	return t, t.check()
}

func (t *Testee) check() error {
	switch {
	case !checkName(t.Name):
		return fmt.Errorf("name %q of a testee: %s", t.Name, wantName)
	case t.URL == "":
		return fmt.Errorf("testee %s: the URL is missing: must be such as ws://127.0.0.1:9000/", t.Name)
	case t.WSS != "" && !job.Secure(t.WSS):
		return fmt.Errorf("testee %s: wss %q: must be such as wss://127.0.0.1:9443/", t.Name, job.Shortened(job.Mask(t.WSS)))
	case !utf8.ValidString(t.URL + t.WSS + t.Command): // the index could not have them
		return fmt.Errorf("testee %s: URL and command must be valid UTF-8", t.Name)
	case t.CPUs != "" && t.Command == "":
		return fmt.Errorf("testee %s: CPUs without a command: only a testee that wsperf starts can be pinned", t.Name)
	}
	if _, err := t.cpus(); err != nil {
		return fmt.Errorf("testee %s: CPUs %q: %w", t.Name, t.CPUs, err)
	}
	return nil
}

// pin lets commands use the CPUs of a list, unless the plan says which they may use.
func pin(testees []Testee, list string) {
	for i := range testees {
		if t := &testees[i]; t.Command != "" && t.CPUs == "" {
			t.CPUs = list
		}
	}
}

// only returns the testees of a list of names, in the order of the plan; of an empty list, all.
func only(all []Testee, list []string) (some []Testee, err error) {
	for _, name := range list {
		if _, err := find(all, name); err != nil {
			return nil, fmt.Errorf("--only %s: %w", job.Shortened(name), err)
		}
	}
	for _, t := range all {
		if len(list) == 0 || slices.Contains(list, t.Name) {
			some = append(some, t)
		}
	}
	return some, nil
}

// cpus returns the numbers of the CPUs that the command may use; none: all.
func (t *Testee) cpus() ([]int, error) {
	if t.CPUs == "" {
		return nil, nil
	}
	return job.ParseCPUs(t.CPUs)
}

// mostTestees keeps the table readable, and the number of pairs within reason.
const mostTestees = 32

func checkTestees(all []Testee) error {
	switch n := len(all); {
	case n < 2:
		return fmt.Errorf("%d testees: must be two or more to compare, such as a=ws://127.0.0.1:9001/ b=ws://127.0.0.1:9002/", n)
	case n > mostTestees:
		return fmt.Errorf("%d testees: must be at most %d", n, mostTestees)
	}
	seen := map[string]bool{}
	for i := range all {
		if err := all[i].check(); err != nil {
			return err
		}
		if seen[all[i].Name] {
			return fmt.Errorf("two testees are named %s: must have names of their own", all[i].Name)
		}
		seen[all[i].Name] = true
	}
	return nil
}

var errNoTestee = errors.New("there is no such testee")
