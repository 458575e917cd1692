package job

import (
	"strings"
	"testing"
)

func TestFormats(t *testing.T) {
	for _, test := range []struct{ args, shown, want string }{
		{"", "text", ""},
		{"--json", "json", ""},
		{"--json=false", "text", ""},
		{"--format text", "text", ""},
		{"--format csv", "csv", ""},
		{"--format hgrm:late", "hgrm:late", ""},
		{"--format csv --format bench", "bench", ""},
		{"--format json --json", "json", ""},
		{"--json=false --format csv", "csv", ""},
		{"--format json --log", "json", ""},
		{"--format csv --out FILE --log", "csv", ""},
		{"--json --format csv", "", "--json and --format csv: must be one of them"},
		{"--format text --json", "", "--json and --format text: must be one of them"},
		{"--json --out -", "", "--json and --out -: both write the result to standard output: must be one of them"},
		{"--format json --out -", "", "--format and --out -: both write the result to standard output: must be one of them"},
		{"--format text --out -", "", "--format and --out -: both write the result to standard output: must be one of them"},
		{"--format csv --log", "", "--log needs a place for its records: give --out FILE or --json too"},
	} {
		o, err := commandLine(BindRun, strings.Fields(test.args)...)
		switch {
		case test.want != "":
			if err == nil || err.Error() != test.want {
				t.Errorf("%s: error %v, want %s", test.args, err, test.want)
			}
		case err != nil || o.Shown() != test.shown:
			t.Errorf("%s: %s, %v, want %s", test.args, o.Shown(), err, test.shown)
		}
	}
	if err := (Format{new(string)}).Set("xml"); !isBadValue(err) {
		t.Errorf("error %v", err)
	}
}
