package compare

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"wsperf/cmd/internal/job"
)

func planOf(t *testing.T, text string, args ...string) plan {
	t.Helper()
	o, given, load := commandLine(t, args...)
	p, err := planFile{writePlan(t, text), given, load}.read(o)
	if err != nil {
		t.Fatal(err)
	}
	p.addLoad(defaultLoad())
	return p
}

const twoTestees = "testees:\n- {name: a, url: 'ws://h/p', wss: 'wss://h:1/p'}\n- {name: b, url: 'wss://i:2/'}\n"

// TestSchemes: every load under each scheme, with the URL of the testee that fits.
func TestSchemes(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                {"default: ws://h/p wss://i:2/"},
		"scheme: wss\n":                   {"default: wss://h:1/p wss://i:2/"},
		"scheme: [wss, ws]\n":             {"default-wss: wss://h:1/p wss://i:2/", "default-ws: ws://h/p ws://i:2/"},
		"loads: [{name: x}, {name: y}]\n": {"x: ws://h/p wss://i:2/", "y: ws://h/p wss://i:2/"},
		"loads: [{name: x}, {name: y, scheme: ws}]\nscheme: [ws, wss-resumed]\n": {"x-ws: ws://h/p ws://i:2/",
			"x-wss-resumed: wss://h:1/p wss://i:2/", "y: ws://h/p ws://i:2/"},
	} {
		p := planOf(t, twoTestees+text)
		if err := p.check(); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		var got []string
		for _, l := range p.loads {
			line := l.Name + ":"
			for _, testee := range p.testees {
				line += " " + testee.under(l, "").URL
			}
			got = append(got, line)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestSchemesHaveTheirOptions: ws has none of TLS, wss those of the load, and wss-resumed resumes all.
func TestSchemesHaveTheirOptions(t *testing.T) {
	p := planOf(t, twoTestees+"scheme: [ws, wss, wss-resumed]\n")
	p.loads = Load{Name: "x", Options: defaultLoad()}.under(p.options.schemes)
	for i := range p.loads {
		p.loads[i].Options.TLS.Min, p.loads[i].Options.TLS.ResumePercent = "1.3", 5
	}
	if err := p.check(); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{" 0 0", "1.3 5 10000000", "1.3 100 10000000"} {
		o := p.testees[0].under(p.loads[i], "")
		if got := fmt.Sprint(o.TLS.Min, " ", o.TLS.ResumePercent, " ", o.SecureTimeoutUs); got != want {
			t.Errorf("%s: %s, want %s", p.loads[i].Name, got, want)
		}
		if text := p.loads[i].described("").Text; !strings.HasSuffix(text, ", scheme "+string(p.options.schemes[i])) {
			t.Error(text)
		}
	}
	if p.loads[0].Options.TLS.Min != "1.3" {
		t.Error("the load was changed")
	}
}

// TestTLSOptionsNeedWSS: one load or testee with wss:// is enough.
func TestTLSOptionsNeedWSS(t *testing.T) {
	const plain = "testees:\n- {name: a, url: 'ws://h/', wss: 'wss://h:1/'}\n- {name: b, url: 'ws://i/'}\n"
	for text, want := range map[string]string{
		plain + "loads: [{name: x, insecure: true}, {name: y}]":                     "--insecure is for wss:// only, and no URL begins with wss://: leave it out, or use wss://",
		plain + "loads: [{name: x, insecure: true}, {name: y, scheme: wss}]":        "<nil>",
		twoTestees + "loads: [{name: x, insecure: true}]":                           "<nil>",
		twoTestees + "loads: [{name: x, insecure: true}]\nscheme: ws":               "--insecure is for wss:// only, and no URL begins with wss://: leave it out, or use wss://",
		twoTestees + "loads: [{name: x, tls-min: 1.3, tls-max: 1.2}]":               "testee b, load x: --tls-min 1.3 is above --tls-max 1.2: must be at most that",
		twoTestees + "loads: [{name: load-of-15-chars}]\nscheme: [ws, wss-resumed]": `name "load-of-15-chars-wss-resumed" of a load: ` + wantName,
	} {
		p := planOf(t, text)
		if err := p.check(); fmt.Sprint(err) != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestSchemesAreKept: a comparison goes on with what it was begun with.
func TestSchemesAreKept(t *testing.T) {
	p := planOf(t, twoTestees+"scheme: [ws, wss-resumed]\n")
	s := &store{t.TempDir()}
	if err := s.save(&index{Schema, p.options, p.testees, p.loads, p.study()}); err != nil {
		t.Fatal(err)
	}
	i, err := s.load()
	if err != nil {
		t.Fatal(err)
	}
	if i.Loads[1].Scheme != SchemeResumed || i.Testees[0].under(i.Loads[1], "").URL != "wss://h:1/p" || i.Study.Loads[1].Text != p.study().Loads[1].Text {
		t.Errorf("%+v %+v", i.Loads, i.Testees)
	}
}

// TestAddresses: a command must listen wherever a load connects to.
func TestAddresses(t *testing.T) {
	a := &Testee{URL: "ws://h/", WSS: "wss://h:1/"}
	for _, c := range []struct {
		schemes []Scheme
		want    []string
	}{
		{[]Scheme{""}, []string{"h:80"}},
		{[]Scheme{SchemePlain, SchemeSecure, SchemeResumed}, []string{"h:80", "h:1"}},
		{[]Scheme{SchemeSecure}, []string{"h:1"}},
	} {
		if got := a.addresses(Load{Options: job.Options{}}.under(c.schemes)); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.schemes, got, c.want)
		}
	}
}
