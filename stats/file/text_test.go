package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

// oneLine is a result in one line, without its end.
func oneLine(t testing.TB, r *stats.Result) string {
	t.Helper()
	var line bytes.Buffer
	if err := json.Compact(&line, write(t, r)); err != nil {
		t.Fatal(err)
	}
	return line.String()
}

// readText returns what an Input finds in a text: a line for each result or error.
func readText(text io.Reader) (found []string, skipped int) {
	in := Input{Paths: []string{Stdin}, Text: text}
	f := in.Each(func(name string, r *stats.Result) error {
		found = append(found, fmt.Sprintf("%s: %d", name, r.Total))
		return nil
	})
	for _, err := range f.Errs {
		found = append(found, err.Error())
	}
	return found, f.Skipped
}

func TestResultsAmongOtherLines(t *testing.T) {
	a, b := oneLine(t, example.Part(0, 2, 0)), oneLine(t, example.Part(1, 4, 0))
	long := string(write(t, example.Intervals()))
	ancestor := string(readAncestor(t, "edge/noclose.json"))
	inString, betweenTokens := strings.Index(a, "HISTF")+20, strings.Index(a, `,"causes"`)
	torn := func(at int) string { return fmt.Sprintf("damaged at byte %d: unexpected end; nothing is usable", at) }
	for _, c := range []struct {
		name, text string
		found      []string // "name: total", or the beginning of an error
		skipped    int
	}{
		{"one", a, []string{"-: 500"}, 0},
		{"one a line", a + "\n" + b + "\n", []string{"-: 500", "-, line 2: 250"}, 0},
		{"among lines", "report\n\n  Total: 5\n" + a + "\r\nbye\n" + b, []string{"-, line 4: 500", "-, line 6: 250"}, 3},
		{"in several lines", "x\n" + long + long + a, []string{"-, line 2: 606", fmt.Sprintf("-, line %d: 606", 2+strings.Count(long, "\n")), fmt.Sprintf("-, line %d: 500", 2+2*strings.Count(long, "\n"))}, 1},
		{"the ancestor's", "\n  " + ancestor + "\n" + a, []string{"-, line 2: 6", "-, line 4: 500"}, 0},
		{"behind a label", "0: " + a + "\n1: " + b + "\nnode2: done\n", []string{"-: 500", "-, line 2: 250"}, 1},
		{"without a line between", a + b + long, []string{"-: 500", "-: 250", "-: 606"}, 0},
		{"something behind", a + " and more\n" + b, []string{"-: 500", "-, line 2: 250"}, 1},
		{"other objects", "{\"level\":\"info\"}\n{oops\n{\n" + a, []string{"-, line 4: 500"}, 3},
		{"objects in several lines", "{\n  \"items\": [\n    {}\n  ]\n}\n" + a, []string{"-, line 6: 500"}, 1},
		{"torn in a string", "x\n" + a[:inString] + "\n" + b, []string{"-, line 3: 250", "result file -, line 2: " + torn(inString+1)}, 1},
		{"torn in a string before other lines", a[:inString] + "\nwsperf: a \"line\"\nanother\n" + b, []string{"-, line 4: 250", "result file -: " + torn(inString+1)}, 2},
		{"torn between tokens", a[:betweenTokens] + "\n" + b + "\n", []string{"-, line 2: 250", "result file -: " + torn(betweenTokens+1)}, 0},
		{"torn before another line", a[:betweenTokens] + "\nwsperf: done\n" + b + "\n", []string{"-, line 3: 250", "result file -: damaged at byte"}, 0},
		{"torn before a long one", a[:betweenTokens] + "\n" + long, []string{"-, line 2: 606", "result file -: " + torn(betweenTokens+1)}, 0},
		{"torn at the end", a + "\n" + b[:inString], []string{"-: 500", "result file -, line 2: " + torn(inString)}, 0},
		{"long lines", strings.Repeat("x", 3*scanBytes) + "\n" + a + "\n" + strings.Repeat(" ", 2*scanBytes) + "\n" + b, []string{"-, line 2: 500", "-, line 4: 250"}, 1},
		{"no result", "hello\nworld", []string{"result file -: not a result file: no line of it begins a result"}, 2},
		{"nothing", "", []string{"result file -: not a result file: no line of it begins a result"}, 0},
		{"refused", strings.Replace(a, `"total":500`, `"total":501`, 1) + "\n" + b, []string{"-, line 2: 250", "result file -: connections started (501) differ"}, 0},
		{"refused early", strings.Replace(a, `wsperf/1`, `wsperf/2`, 1) + "\n" + b, []string{"-, line 2: 250", `result file -: key "schema": "wsperf/2" is not a format`}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, rd := range []io.Reader{strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text)), iotest.DataErrReader(strings.NewReader(c.text))} {
				found, skipped := readText(rd)
				if len(found) != len(c.found) || skipped != c.skipped {
					t.Fatalf("found %.200q, want %q; %d lines skipped, want %d", found, c.found, skipped, c.skipped)
				}
				for i, want := range c.found {
					if !strings.HasPrefix(found[i], want) {
						t.Errorf("found %q, want %q", found[i], want)
					}
				}
			}
		})
	}
}

func TestTextThatCannotBeRead(t *testing.T) {
	dir, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if found, _ := readText(dir); len(found) != 1 || found[0] != "result file -: is a directory" {
		t.Errorf("a directory: %q", found)
	}
	fault := errors.New("broken")
	found, _ := readText(io.MultiReader(strings.NewReader(oneLine(t, example.Part(0, 2, 0))+"\n"), iotest.ErrReader(fault)))
	if len(found) != 2 || found[0] != "-: 500" || found[1] != "result file -, line 2: broken" {
		t.Errorf("behind a result: %q", found)
	}
}

// FuzzText checks that a text is read to its end, that no line is counted twice, and that nothing
// depends on how many bytes each call of its reader returns.
func FuzzText(f *testing.F) {
	line := oneLine(f, example.Failed())
	f.Add([]byte("a\n0: " + line + "\n" + line[:len(line)/2] + "\n{\n" + line[1:]))
	f.Add([]byte("{\"a\":[\n{\"schema\":\"wsperf/1\"\n}{}\n{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		found, skipped := readText(bytes.NewReader(data))
		if most := 2*bytes.Count(data, []byte("{")) + bytes.Count(data, []byte("\n")) + 1; len(found)+skipped > most+1 {
			t.Errorf("%d results and %d other lines", len(found), skipped)
		}
		again, skippedAgain := readText(iotest.OneByteReader(bytes.NewReader(data)))
		if strings.Join(found, "\n") != strings.Join(again, "\n") || skipped != skippedAgain {
			t.Errorf("at once %q and %d, byte by byte %q and %d", found, skipped, again, skippedAgain)
		}
	})
}
