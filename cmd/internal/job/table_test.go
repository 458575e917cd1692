package job

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"wsperf/stats"
	"wsperf/stats/require"
)

// commandLine parses arguments the way that a verb does.
func commandLine(bind func(*pflag.FlagSet, *Options) *CommandLine, args ...string) (Options, error) {
	o := Default()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	line := bind(flags, &o)
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	return o, line.Check()
}

// TestDriveHasAllOptionsOfRun accepts the same name or the ancestor's. Lines of several
// workers in turn would say nothing of the whole: there is no --live. perf has one FIFO, and each
// worker a window of its own: there is no --perf-control. The workers are no parts of a run in several
// processes, but all processes of one.
func TestDriveHasAllOptionsOfRun(t *testing.T) {
	run, drive := pflag.NewFlagSet("run", pflag.ContinueOnError), pflag.NewFlagSet("drive", pflag.ContinueOnError)
	o := Default()
	BindRun(run, &o)
	line := BindDrive(drive, &o)
	ofRun := []string{"live", "perf-control"}
	for _, row := range partOptions() {
		ofRun = append(ofRun, row.flags[0].name)
	}
	n := 0
	run.VisitAll(func(f *pflag.Flag) {
		n++
		if drive.Lookup(line.name(f.Name)) == nil && !slices.Contains(ofRun, f.Name) {
			t.Errorf("drive has no --%s", f.Name)
		}
	})
	if n < 18 {
		t.Errorf("run has %d options", n)
	}
}

// TestSearchHasNoLoadOptions: search has all options of run but those of a load, which it
// decides on itself, of a record per connection, of a page, of a profiler, and of a run in parts.
func TestSearchHasNoLoadOptions(t *testing.T) {
	o := Default()
	runs, searches := pflag.NewFlagSet("run", pflag.ContinueOnError), pflag.NewFlagSet("search", pflag.ContinueOnError)
	BindRun(runs, &o)
	BindSearch(searches, &o)
	var missing []string
	runs.VisitAll(func(f *pflag.Flag) {
		if searches.Lookup(f.Name) == nil {
			missing = append(missing, f.Name)
		}
	})
	if want := strings.Fields("conns duration format high html interval live log low max-late perf-control rate ready-file run-id shard stages start-at start-timeout"); !slices.Equal(missing, want) {
		t.Errorf("search lacks %q of run's options, want %q", missing, want)
	}
	searches.VisitAll(func(f *pflag.Flag) {
		if runs.Lookup(f.Name) == nil {
			t.Errorf("--%s is not in run", f.Name)
		}
	})
}

func TestTime(t *testing.T) {
	us := int64(0)
	v := Time{&us, time.Second, time.Hour}
	if err := v.Set("1500ms"); err != nil || us != 1500000 || v.String() != "1.5s" {
		t.Errorf("%v, %d us, %s", err, us, v)
	}
	for text, want := range map[string]string{
		"999ms": "must be 1s to 1h0m0s", "61m": "must be 1s to 1h0m0s", "5": "must be a time with its unit, such as 500ms, 30s or 2m", "-1s": "must be above 0",
	} {
		if err := v.Set(text); !isBadValue(err) || err.Error() != want || us != 1500000 {
			t.Errorf("%s: %v, %d us, want %s", text, err, us, want)
		}
	}
}

func TestRate(t *testing.T) {
	perSecond := 0.0
	v := Rate{&perSecond, 1}
	if v.String() != "" {
		t.Errorf("no rate: %q", v)
	}
	if err := v.Set("300/m"); err != nil || perSecond != 5 || v.String() != "5" {
		t.Errorf("%v, %v, %q", err, perSecond, v)
	}
	for text, want := range map[string]string{"0": "must be above 0", "0.9": "must be 1 per second or more", "x": errRate.Error()} {
		if err := v.Set(text); !isBadValue(err) || err.Error() != want || perSecond != 5 {
			t.Errorf("%s: %v, %v, want %s", text, err, perSecond, want)
		}
	}
}

// TestEveryOptionIsRead gives each option a value of its own, to both verbs.
func TestEveryOptionIsRead(t *testing.T) {
	want := Default()
	want.Connections, want.DurationUs, want.Low, want.High, want.Loops = 0, 1500001, 3, 5, 2
	want.CPUs, want.Sources = []int{1, 0}, []string{"127.0.0.3", "127.0.0.4"}
	want.ConnectTimeoutUs, want.OpenTimeoutUs, want.CloseTimeoutUs, want.CloseCode = 1e6, 2e6, 3e6, 3000
	want.Headers, want.Subprotocols, want.Origin = []string{"A: b", "C: d, e"}, []string{"p", "q"}, "https://example.org"
	want.Out, want.Log, want.Samples, want.JSON, want.Quiet, want.KeepSecrets = "r_%d", true, 7, true, true, true
	want.Format, want.Processes.PIDs = "json", []int{5, 6}
	want.Requirements = requirements(t, "fail% < 0.1", "open.q99<5ms")
	same := strings.Fields("--duration 1.5000005s --cpus 1,0 --source 127.0.0.3-127.0.0.4 --connect-timeout 1s --open-timeout 2s " +
		"--close-timeout 3s --close-code 3000 --subprotocol p --subprotocol q --origin https://example.org --log --samples 7 --json --format json --quiet --keep-secrets --pid 5,6")
	same = append(same, "--header", "A: b", "--header", "C: d, e", "--require", "fail% < 0.1", "--require", "open.q99<5ms")
	for _, c := range []struct {
		name  string
		bind  func(*pflag.FlagSet, *Options) *CommandLine
		named string
	}{
		{"run", BindRun, "--low 3 --high 5 --loops 2 --out r_%d"},
		{"drive", BindDrive, "--lowmark 3 --highmark 5 --threads 2 --resultfile r_%d"},
	} {
		got, err := commandLine(c.bind, append(slices.Clone(same), strings.Fields(c.named)...)...)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n%+v, want\n%+v", c.name, err, got, want)
		}
	}
	if got, err := commandLine(BindDrive, "--wsuri", "ws://h", "--conns", "9"); err != nil || got.URL != "ws://h" || got.Connections != 9 {
		t.Errorf("drive: %v, %+v", err, got)
	}
}

func requirements(t *testing.T, texts ...string) (all []require.Requirement) {
	t.Helper()
	for _, text := range texts {
		q, err := require.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, q)
	}
	return all
}

func TestRequirements(t *testing.T) {
	var all []require.Requirement
	v := Requirements{&all}
	if err := v.Set("fail"); !isBadValue(err) {
		t.Errorf("no comparison: %v", err)
	}
	for range stats.MaxFindings {
		if err := v.Set("fail == 0"); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.Set("fail == 0"); !isBadValue(err) || err.Error() != "must be given at most 100 times" {
		t.Errorf("one too many: %v", err)
	}
	if len(all) != stats.MaxFindings {
		t.Errorf("%d requirements", len(all))
	}
}

func isBadValue(err error) bool {
	_, bad := errors.AsType[BadValue](err)
	return bad
}

// TestWorkersGetNoRequirements: a part of a run can miss what the whole run meets.
func TestWorkersGetNoRequirements(t *testing.T) {
	o := Default()
	o.Requirements = requirements(t, "success >= 10k")
	data, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var got Options
	if err := json.Unmarshal(data, &got); err != nil || len(got.Requirements) > 0 {
		t.Errorf("%v, %v", err, got.Requirements)
	}
}

// TestOptionsTravel checks that a worker gets the driver's options byte for byte.
func TestOptionsTravel(t *testing.T) {
	want := Default()
	want.Part = Part{} // does not travel
	want.URL, want.Out, want.Headers = "ws://h/\xff", "r\xe9sultat ä.json", []string{"Authorization: Basic \xff\x01", "B: ü"}
	want.CPUs, want.Sources, want.Log = []int{3}, []string{"::1"}, true
	headers := slices.Clone(want.Headers)
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Options
	if err := json.Unmarshal(data, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n%+v, want\n%+v\nby %s", err, got, want, data)
	}
	if !slices.Equal(want.Headers, headers) {
		t.Errorf("Marshal changed the headers to %q", want.Headers)
	}
	if !strings.Contains(string(data), `"close_timeout_us":5000000`) || strings.ContainsAny(string(data), "\n\r") {
		t.Errorf("not a readable line: %s", data)
	}
}

// TestMapTextsCoversEveryField fails for a field of a type in which mapTexts finds no
// strings.
func TestMapTextsCoversEveryField(t *testing.T) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Options]()) {
		switch f.Type.Kind() {
		case reflect.Map, reflect.Pointer, reflect.Interface, reflect.Array:
			t.Errorf("field %s: mapTexts does not look into a %v", f.Name, f.Type)
		}
	}
}

func TestTimesAreRoundedUp(t *testing.T) {
	us := int64(0)
	for in, want := range map[string]int64{"1ns": 1, "1us": 1, "1001ns": 2, "2s": 2e6} {
		if err := (span{&us, time.Minute}).Set(in); err != nil || us != want {
			t.Errorf("%s: %d us, %v, want %d", in, us, err, want)
		}
	}
}
