package file

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

// TestPartsOfADamagedFile are dropped, like all lists that were not read to their end: some parts
// would be taken for all of them.
func TestPartsOfADamagedFile(t *testing.T) {
	whole := strings.TrimSuffix(string(write(t, example.Plain())), "\n}\n")
	for list, first := range map[string]string{
		"parts":   `{"number":0,"of":2,"begun":true}`,
		"kernel":  `{"machine":"a"}`,
		"machine": `{"id":"a"}`,
	} {
		r, err := Read(strings.NewReader(whole + ",\n\"" + list + "\":[" + first + ",{"))
		var damage *Damage
		if !errors.As(err, &damage) || r == nil {
			t.Fatalf("%s: %v", list, err)
		}
		if n := len(r.Parts) + len(r.Kernel) + len(r.Machines); n != 0 {
			t.Errorf("%s: %d elements are kept", list, n)
		}
	}
}

// TestStartInAnotherZone: the moment is kept, its zone is not.
func TestStartInAnotherZone(t *testing.T) {
	want := write(t, example.Part(0, 2, 0))
	zone := bytes.Replace(want, []byte(`"2026-01-02T03:04:05Z"`), []byte(`"2026-01-02T05:04:05+02:00"`), 1)
	r, err := Read(bytes.NewReader(zone))
	if err != nil || bytes.Equal(zone, want) {
		t.Fatal(err)
	}
	if got := write(t, r); !bytes.Equal(got, want) {
		t.Errorf("written again as\n%.3000s", got)
	}
}

// TestListsAreBounded: a file cannot have more than a merged result.
func TestListsAreBounded(t *testing.T) {
	file := string(write(t, example.Part(0, 1, 0)))
	many := strings.Repeat(`{"number":0,"of":1,"begun":true},`, stats.MaxParts)
	_, err := Read(strings.NewReader(strings.Replace(file, `"parts":[`, `"parts":[`+many, 1)))
	if want := `key "parts": more than 16384 elements`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
