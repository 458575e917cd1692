package comparison

import (
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(SchemaJSON))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("comparison.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("comparison.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// studies has one for each way in which a comparison can end.
func studies() map[string]*Study {
	all := map[string]*Study{}
	for name, change := range map[string]func(*Study){
		"whole": func(*Study) {}, "a testee without values": func(s *Study) { s.drop(2) }, "too few rounds": func(s *Study) { s.keep(2) },
		"no run": func(s *Study) { s.Runs = nil }, "a baseline": func(s *Study) { s.Baseline = "ws" },
		"stored":                          func(s *Study) { s.Unpaired, s.Warnings = true, []string{"They differ."} },
		"interrupted, with a requirement": func(s *Study) { s.Interrupted, s.Loads[0].Required = true, []string{"fail%"} },
	} {
		all[name] = example()
		change(all[name])
	}
	return all
}

// TestDocumentFollowsItsSchema: in both directions, the schema has every key of the document.
func TestDocumentFollowsItsSchema(t *testing.T) {
	schema := compileSchema(t)
	for name, s := range studies() {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(written(t, FormatJSON, s)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		checkNamed(t, name, schema, value)
	}
}

// checkNamed checks that the schema has a property for each key.
func checkNamed(t *testing.T, path string, schema *jsonschema.Schema, value any) {
	t.Helper()
	if schema == nil {
		return
	}
	if schema.Ref != nil {
		schema = schema.Ref
	}
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			if _, free := schema.AdditionalProperties.(*jsonschema.Schema); free {
				continue
			}
			if schema.Properties[key] == nil {
				t.Errorf("%s: the schema does not have key %s", path, key)
				continue
			}
			checkNamed(t, path+"."+key, schema.Properties[key], inner)
		}
	case []any:
		for _, inner := range v {
			checkNamed(t, path+"[]", schema.Items2020, inner)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	schema := compileSchema(t)
	text := written(t, FormatJSON, example())
	for _, change := range []struct{ old, new string }{
		{`"schema":"wsperf-comparison/1"`, `"schema":"wsperf-comparison/2"`},
		{`"testees":["gws","coder","ws"]`, `"testees":["gws"]`},
		{`"level":0.95`, `"level":95`},
		{`"round":0`, `"round":-1`},
		{`"unit":"us"`, `"unit":"ms"`},
		{`"p_adjusted":`, `"padjusted":`},
		{`"name":"closed"`, `"name":"<b>"`},
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
