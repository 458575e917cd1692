package compare

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"wsperf/cmd/internal/job"
)

// IsPlan reports whether an argument of the command line is the name of a plan.
func IsPlan(arg string) bool {
	switch filepath.Ext(arg) {
	case ".yaml", ".yml":
		return !strings.Contains(arg, "=")
	}
	return false
}

// planFile is the file of a plan, and the command line beside it, whose options come first.
type planFile struct {
	path  string
	given *pflag.FlagSet   // how to compare
	load  *job.CommandLine // options of all loads
}

// read reads the plan. Its keys are testees, loads, and the names of options. Errors name the file
// and the line.
func (f planFile) read(o *Options) (p plan, err error) {
	text, err := readBeginning(f.path, maxPlan+1)
	if err != nil {
		return p, fmt.Errorf("plan %s: %w: must be a file that can be read", f.path, err)
	}
	return f.parse(text, o)
}

// maxPlan is far more than a plan with as many testees and loads as there can be.
const maxPlan = 1 << 20

func (f planFile) parse(text []byte, o *Options) (p plan, err error) {
	path := f.path
	if len(text) > maxPlan {
		return p, fmt.Errorf("plan %s is larger than %d MiB: it is no plan", path, maxPlan>>20)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	var document, more yaml.Node
	switch err := d.Decode(&document); {
	case errors.Is(err, io.EOF):
		return p, fmt.Errorf("plan %s is empty: wsperf compare --init writes one to start from", path)
	case err != nil:
		return p, fmt.Errorf("plan %s: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))
	case !errors.Is(d.Decode(&more), io.EOF):
		return p, fmt.Errorf("plan %s has a second document: must be one", path)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("plan %s, %w", path, err)
		}
	}()
	p.options = *o
	settings := pflag.NewFlagSet("", pflag.ContinueOnError)
	p.options.bind(settings)
	var loads []plannedLoad
	err = eachKey(document.Content[0], func(key, value *yaml.Node) error {
		switch key.Value {
		case "testees":
			p.testees, err = readTestees(value)
		case "loads":
			loads, err = f.readLoads(value)
		case "scheme":
			p.options.schemes, err = readSchemes(value)
		default:
			err = set(settings, key, value, f.given)
		}
		return err
	})
	p.loads = expand(loads, p.options.schemes)
	return p, err
}

// eachKey calls f with each key of a mapping, in the order of the file. A key that is there twice is an
// error: one of its values would be lost.
func eachKey(n *yaml.Node, f func(key, value *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: must be keys with values, such as name: value", n.Line)
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		if key := n.Content[i]; seen[key.Value] {
			return fmt.Errorf("line %d: %q is there twice: must be once", key.Line, job.Shortened(key.Value))
		}
		seen[n.Content[i].Value] = true
		if err := f(n.Content[i], n.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// set gives an option a value, or each of a list in turn. given are the options of the command
// line, nil: none.
func set(settings *pflag.FlagSet, key, value *yaml.Node, given *pflag.FlagSet) error {
	f := settings.Lookup(key.Value)
	switch {
	case f == nil:
		return fmt.Errorf("line %d: unknown key %q", key.Line, job.Shortened(key.Value))
	case given != nil && given.Changed(key.Value):
		return nil
	}
	values := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		values = value.Content
	}
	for _, v := range values {
		if v.Kind != yaml.ScalarNode {
			return fmt.Errorf("line %d: %s: must be a value or a list of values", v.Line, key.Value)
		}
		if err := settings.Set(key.Value, v.Value); err != nil {
			return fmt.Errorf("line %d: %s %q: %w", v.Line, key.Value, job.Shortened(job.Mask(v.Value)), because(err))
		}
	}
	return nil
}

// because returns what is wrong with a value, without the flag library's words.
func because(err error) error {
	var bad job.BadValue
	if errors.As(err, &bad) {
		return bad
	}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return errors.New("must be a whole number")
	}
	return err
}

func readTestees(n *yaml.Node) (all []Testee, err error) {
	if n.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("line %d: testees: must be a list", n.Line)
	}
	for _, item := range n.Content {
		var t Testee
		fields := map[string]*string{"name": &t.Name, "url": &t.URL, "wss": &t.WSS, "command": &t.Command, "cpus": &t.CPUs}
		err := eachKey(item, func(key, value *yaml.Node) error {
			to := fields[key.Value]
			switch {
			case to == nil:
				return fmt.Errorf("line %d: unknown key %q of a testee: must be name, url, wss, command or cpus", key.Line, job.Shortened(key.Value))
			case value.Kind != yaml.ScalarNode:
				return fmt.Errorf("line %d: %s: must be a text", value.Line, key.Value)
			}
			*to = value.Value
			return nil
		})
		if err == nil {
			err = t.check()
			if err != nil {
				err = fmt.Errorf("line %d: %w", item.Line, err)
			}
		}
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// plannedLoad is a load of a plan.
type plannedLoad struct {
	Load
	schemes []Scheme // empty: those of the plan
}

// expand returns each load under each of its schemes, or of those of the plan.
func expand(loads []plannedLoad, ofPlan []Scheme) (all []Load) {
	for _, l := range loads {
		if len(l.schemes) == 0 {
			l.schemes = ofPlan
		}
		all = append(all, l.under(l.schemes)...)
	}
	return all
}

// readLoads reads loads: a name, schemes, and options of wsperf run for each.
func (f planFile) readLoads(n *yaml.Node) (all []plannedLoad, err error) {
	if n.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("line %d: loads: must be a list", n.Line)
	}
	for _, item := range n.Content {
		l := plannedLoad{Load: Load{Options: defaultLoad()}}
		settings := pflag.NewFlagSet("", pflag.ContinueOnError)
		line := job.BindCompare(settings, &l.Options)
		err := eachKey(item, func(key, value *yaml.Node) error {
			switch key.Value {
			case "name":
				l.Name = value.Value
			case "scheme":
				l.schemes, err = readSchemes(value)
			default:
				err = set(settings, key, value, nil)
			}
			return err
		})
		if err == nil {
			if err = cmp.Or(f.load.Apply(settings), l.check(), line.Check()); err != nil {
				err = fmt.Errorf("line %d: %w", item.Line, err)
			}
		}
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

// Template is a plan to start from.
const Template = `# A plan for wsperf compare. Lines that begin with # are comments.

# What to compare. A testee with a command is started, measured and ended by wsperf; the
# command is for the shell, in the folder where wsperf runs. Without one, it runs already.
testees:
  - name: first
    url: ws://127.0.0.1:9001/
    # wss: wss://127.0.0.1:9441/  # if it is not the same port
    command: path/to/first --port 9001
    # cpus: 0-1            # that the command may use
  - name: second
    url: ws://127.0.0.1:9002/
    command: path/to/second --port 9002

# Every testee is measured under every load. The keys are the options of wsperf run.
loads:
  - name: closed           # as many handshakes a second as possible
    low: 250
    high: 500
    warmup: 1s
    duration: 3s
    # cacert: root.pem     # authority of the testees' certificates, for wss
  # - name: rate1000       # 1000 starts a second, whatever the testee does
  #   rate: 1000
  #   warmup: 1s
  #   duration: 5s

# scheme: [ws, wss, wss-resumed]  # make each load over each; wss-resumed: with all TLS sessions resumed
rounds: 12                 # of every testee under every load; auto: until precision is reached
# precision: 3%            # with rounds: auto
# budget: 10m              # with rounds: auto, begin no round after this time
# restart: round           # start the commands for each run; never: once
# start-timeout: 30s       # for a command to accept connections
# testee-cpus: 0-1         # for commands without cpus of their own
# cooling: 1s              # at most between two runs, until sockets in TIME_WAIT are gone
# baseline: first          # compare all others with this one only
# measure: rate            # that decides
# confidence: 95%          # to claim a difference
# seed: 1                  # of the order of turns
`
