package page

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"wsperf/stats"
	"wsperf/stats/comparison"
	"wsperf/stats/internal/example"
)

// TestPolicyIsMet: a browser runs the script and applies the styles by their hashes, and nothing else.
func TestPolicyIsMet(t *testing.T) {
	for name, p := range pages() {
		text := written(t, p)
		policy := html.UnescapeString(policyOf.FindStringSubmatch(text)[1])
		for directive, block := range map[string]*regexp.Regexp{"script-src": scriptOf, "style-src": styleOf} {
			all := block.FindAllStringSubmatch(text, -1)
			sum := sha256.Sum256([]byte(all[0][1]))
			if len(all) != 1 || !strings.Contains(policy, directive+" 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"';") {
				t.Errorf("%s: %d blocks of %s, or another hash than in %s", name, len(all), directive, policy)
			}
		}
		if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %s", name, policy)
		}
	}
}

// elements returns the elements of a page with the names of their attributes.
func elements(t *testing.T, text string) (all []string) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(text))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if z.Err() != io.EOF {
				t.Fatal(z.Err())
			}
			return all
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			description := token.Data
			for _, a := range token.Attr {
				description += " " + a.Key
				if a.Key == "href" && !strings.HasPrefix(a.Val, "#") || a.Key == "style" || a.Key == "src" || strings.HasPrefix(a.Key, "on") {
					t.Errorf("attribute %s=%q of %s", a.Key, a.Val, token.Data)
				}
			}
			all = append(all, description)
		}
	}
}

// TestNothingIsLoaded: no element refers to anything outside, or has styles or handlers of its own,
// which the policy would stop.
func TestNothingIsLoaded(t *testing.T) {
	for name, p := range pages() {
		text := written(t, p)
		for _, e := range elements(t, text) {
			if element, _, _ := strings.Cut(e, " "); slices.Contains([]string{"link", "img", "iframe", "object", "embed", "base", "form", "image", "use"}, element) {
				t.Errorf("%s: element %s", name, e)
			}
		}
		if style := styleOf.FindString(text); strings.Contains(style, "url(") || strings.Contains(style, "@import") {
			t.Errorf("%s: the styles load something", name)
		}
	}
}

// evil is a text in all places that a file or a testee can fill.
func evil(p *Page, text string) *Page {
	for i := range p.Subjects {
		r := p.Subjects[i].Result
		r.Setup.URL, r.Setup.Address, r.Setup.Version, r.Setup.Kernel, r.Setup.GoVersion = text, text, text, text, text
		r.Provenance = stats.Provenance{Commit: text, Command: text, System: text, CPUModel: text, Sysctls: map[string]string{text: text}}
		r.Verdict = stats.Verdict{Kind: stats.Bottleneck(text), Reason: text, Evidence: []string{text}}
		for c := range r.Replies {
			for k := range r.Replies[c] {
				r.Replies[c][k] = stats.Reply{Bytes: []byte(text), Total: len(text)}
			}
		}
	}
	p.Command = text
	if s := p.Study; s != nil {
		for i := range s.Testees {
			s.Testees[i] = text + fmt.Sprint(i)
		}
		for i := range s.Loads {
			s.Loads[i].Name, s.Loads[i].Text = text, text
		}
		s.Warnings = []string{text}
		s.Runs = append(s.Runs, comparison.Run{Problem: text, Output: []string{text}})
	}
	return p
}

// TestMarkupIsText: with markup in every text, a page has the same elements as with harmless text.
func TestMarkupIsText(t *testing.T) {
	for name, page := range map[string]func() *Page{
		"compared": func() *Page { return compared(3, 2, 6) },
		"failed":   func() *Page { return Single(example.Failed()) },
	} {
		harmless := elements(t, written(t, evil(page(), "harmless")))
		for _, text := range []string{
			`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onclick='alert(1)`, `</title></style></script><b>`, `<!--`, `]]>`, `{{.Title}}`,
			"</svg><b>", "&lt;b&gt;", " style=\"color:red\"", "javascript:alert(1)",
		} {
			if got := elements(t, written(t, evil(page(), text))); !slices.Equal(got, harmless) {
				t.Errorf("%s with %q: %d elements instead of %d", name, text, len(got), len(harmless))
			}
		}
	}
}

// TestControlCharactersAreEscaped, and those that turn the direction of the text behind them.
func TestControlCharactersAreEscaped(t *testing.T) {
	p := evil(Single(example.Failed()), "\u202e\u2028\x00\x1b[31m")
	p.Command = "" // stats.Result.Check refuses such a one
	text := written(t, p)
	for _, c := range text {
		if c == '\u202e' || c == '\u2028' || c < ' ' && c != '\n' && c != '\t' {
			t.Fatalf("character %q is in the page", c)
		}
	}
}
