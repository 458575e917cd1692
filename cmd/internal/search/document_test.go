package search

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"wsperf/stats"
	"wsperf/stats/file"
)

// documents has a document for each way in which a search can end.
func documents(t *testing.T) (all []document) {
	t.Helper()
	o := Default()
	o.Requirements = requirements(t, "fail% < 1")
	for _, script := range []string{"", "+", "cc", "++--+++"} {
		r := &searching{Search: &Search{options: o, plan: Plan{100, 1e7, 0.5}}}
		var rates []float64
		r.tallies, rates = follow(r.plan, script)
		for i, letter := range script {
			s, err := newStep(rates[i], outcomes[letter], check(t, result(t), "fail% < 1"))
			if err != nil {
				t.Fatal(err)
			}
			r.steps = append(r.steps, s)
		}
		all = append(all, r.document(r.ending(nil)))
	}
	return all
}

func TestDocumentFollowsItsSchema(t *testing.T) {
	schema := compileSchema(t)
	for _, d := range documents(t) {
		text := written(t, d)
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
		for key := range value.(map[string]any) {
			if schema.Properties[key] == nil {
				t.Errorf("the schema does not have key %s", key)
			}
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	schema := compileSchema(t)
	text := written(t, documents(t)[3])
	for _, change := range []struct{ old, new string }{
		{`"schema":"wsperf-search/1"`, `"schema":"wsperf-search/2"`},
		{`"schema":"wsperf/1"`, `"schema":"wsperf/2"`},
		{`"requirements":["fail% < 1"]`, `"requirements":[]`},
		{`"limit":"testee"`, `"limit":"me"`},
		{`"outcome":"missed"`, `"outcome":"mist"`},
		{`"client_limit":0`, `"client_limit":-1`},
		{`"too_high":{`, `"toohigh":{`},
	} {
		changed := strings.Replace(text, change.old, change.new, 1)
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(changed))
		if err != nil || changed == text {
			t.Fatalf("%v: %v", change, err)
		}
		if schema.Validate(value) == nil {
			t.Errorf("%s is accepted", change.new)
		}
	}
}

// TestStepIsAResultFile reads the result of a step as wsperf report does.
func TestStepIsAResultFile(t *testing.T) {
	want := result(t)
	for p := range stats.PhaseLate { // a closed loop without TLS has no others
		if err := want.Phases[p].Success.RecordValues(100, int64(want.Success)); err != nil {
			t.Fatal(err)
		}
	}
	want.Fin.Received = want.Success
	s, err := newStep(1000, Met, check(t, want, "fail% < 1"))
	if err != nil {
		t.Fatal(err)
	}
	var d struct{ Steps []step }
	if err := json.Unmarshal([]byte(written(t, document{Steps: []step{s}})), &d); err != nil || len(d.Steps) != 1 {
		t.Fatalf("%d steps, %v", len(d.Steps), err)
	}
	r, err := file.Read(bytes.NewReader(d.Steps[0].Result))
	if err != nil || r.Load != want.Load || len(r.Findings) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestDocumentSaysWhoseLimitItIs(t *testing.T) {
	var got []limitedBy
	for _, d := range documents(t) {
		got = append(got, d.Limit)
	}
	if want := []limitedBy{byNobody, byNobody, byClient, byTestee}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func written(t *testing.T, d document) string {
	t.Helper()
	var out bytes.Buffer
	if err := d.write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	for name, text := range map[string]string{"wsperf-1.schema.json": file.SchemaJSON, "wsperf-search-1.schema.json": SchemaJSON} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(name, value); err != nil {
			t.Fatal(err)
		}
	}
	return c.MustCompile("wsperf-search-1.schema.json")
}
