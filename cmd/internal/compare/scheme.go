package compare

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"wsperf/cmd/internal/job"
)

// Scheme is how a load speaks to all testees; empty: as their URLs say.
type Scheme string

// The schemes of a plan.
const (
	SchemePlain   Scheme = "ws"
	SchemeSecure  Scheme = "wss"
	SchemeResumed Scheme = "wss-resumed" // wss, and all TLS sessions are resumed
)

var errScheme = fmt.Errorf("must be %s, %s or %s", SchemePlain, SchemeSecure, SchemeResumed)

func (s Scheme) check() error {
	switch s {
	case "", SchemePlain, SchemeSecure, SchemeResumed:
		return nil
	}
	return errScheme
}

// url returns the URL at which a load of the scheme finds a testee.
func (s Scheme) url(t *Testee) string {
	_, rest, found := strings.Cut(t.URL, "://")
	switch {
	case s == "" || !found: // which is refused later
		return t.URL
	case s == SchemePlain:
		return "ws://" + rest
	case t.WSS != "":
		return t.WSS
	}
	return "wss://" + rest
}

// readSchemes reads one or several.
func readSchemes(n *yaml.Node) (all []Scheme, err error) {
	values := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		values = n.Content
	}
	if len(values) == 0 {
		return nil, fmt.Errorf("line %d: scheme: the list is empty: %w", n.Line, errScheme)
	}
	for _, v := range values {
		s := Scheme(v.Value)
		switch {
		case v.Kind != yaml.ScalarNode || s == "" || s.check() != nil:
			return nil, fmt.Errorf("line %d: scheme %q: %w", v.Line, job.Shortened(v.Value), errScheme)
		case slices.Contains(all, s):
			return nil, fmt.Errorf("line %d: scheme: %s is there twice: must be once", v.Line, s)
		}
		all = append(all, s)
	}
	return all, nil
}

// under returns the load under each scheme. Several need names of their own.
func (l Load) under(schemes []Scheme) (all []Load) {
	if len(schemes) == 0 {
		return []Load{l}
	}
	name := l.Name
	for _, s := range schemes {
		l.Scheme = s
		if len(schemes) > 1 {
			l.Name = name + "-" + string(s)
		}
		all = append(all, l)
	}
	return all
}

// checkTLS reports an option of wss:// in a plan without it. Beside it, loads and testees with ws:// do without.
func (p *plan) checkTLS() error {
	given := ""
	for _, l := range p.loads {
		for _, t := range p.testees {
			if job.Secure(l.Scheme.url(&t)) {
				return nil
			}
		}
		if name := l.Options.GivenTLS(); name != "" {
			given = name
		}
	}
	if given != "" {
		return errors.New("--" + given + " is for wss:// only, and no URL begins with wss://: leave it out, or use wss://")
	}
	return nil
}
