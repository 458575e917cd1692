package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

func write(t testing.TB, r *stats.Result) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func results(t testing.TB) map[string]*stats.Result {
	unseen := example.Plain()
	unseen.TesteeCost.Unknown = stats.TesteeElsewhere
	return map[string]*stats.Result{
		"a testee elsewhere": unseen,
		"plain":              example.Plain(), "full": example.Full(), "failed": example.Failed(), "catch-all": example.CatchAll(), "empty": example.Complete(), "intervals": example.Intervals(), "secure": example.Secure(),
		"part": example.Part(1, 3, 200), "parts": parts(),
	}
}

func TestRoundTrip(t *testing.T) {
	for name, want := range results(t) {
		t.Run(name, func(t *testing.T) {
			got, err := Read(bytes.NewReader(write(t, want)))
			if err != nil {
				t.Fatal(err)
			}
			for p := range want.Phases {
				g, w := &got.Phases[p], &want.Phases[p]
				if !g.Success.Equals(w.Success) || !g.Failure.Equals(w.Failure) {
					t.Errorf("histograms of phase %v differ", stats.Phase(p))
				}
				g.Success, g.Failure = w.Success, w.Failure
			}
			if !got.Started.Equal(want.Started) || !got.Ended.Equal(want.Ended) {
				t.Errorf("window %v to %v, want %v to %v", got.Started, got.Ended, want.Started, want.Ended)
			}
			got.Started, got.Ended = want.Started, want.Ended
			got.Log = want.Log // not kept
			want.Setup = config(want.Setup)
			want.Loops = append([]stats.LoopResult{}, want.Loops...)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("read %+v, want %+v", got, want)
			}
		})
	}
}

func TestTopLevelKeysInOrder(t *testing.T) {
	want := strings.Fields(`schema total_duration started ended handshake_throttle_count handshake_resume_count
		total success fail fin config handshakes_per_second load loaded interrupted causes status_codes phases loops client connection_stats`)
	dec := json.NewDecoder(bytes.NewReader(write(t, example.Plain())))
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, key.(string))
		if err := dec.Decode(new(any)); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("keys %v, want %v", got, want)
	}
	if bytes.Contains(write(t, example.Failed()), []byte("connection_stats")) {
		t.Error("the file has connection_stats, and the result has no log")
	}
}

func TestJSONValues(t *testing.T) {
	rec := stats.NewRecorder(stats.NewConnLog(2))
	example.RecordSuccesses(rec, 1)
	rec.KeepReplies(1)
	example.RecordFailures(rec, stats.CauseOpenStatus, 403)
	rec.Reply(stats.CauseOpenStatus, []byte("HTTP/1.1 403\r\n<\x00\\"))
	file := string(write(t, example.Complete(rec)))
	for _, want := range []string{
		`"schema":"wsperf/1",`,
		`"total_duration":13517100,`,
		`"started":1767323045000006789,`,
		`"ended":1767323058517107356,`,
		`"url":"ws://127.0.0.1:9000/<a>&b"`,
		`"cpus":[]`,
		`"status_codes":{"403":1},`,
		`"open_status":1,`,
		`"causes":{"connect_refused":0,`,
		`"cpu_user_us_per_handshake":300,"cpu_system_us_per_handshake":3888.5}`,
		`"connect":{"success":{"count":1,"min":31,"mean":31,"stddev":0,"q50":31,"q90":31,"q95":31,"q99":31,"q99_9":31,"q99_99":31,"max":31,"histogram":"HISTF`,
		`"samples":[{"cause":"open_status","bytes":17,"reply":"HTTP/1.1 403\\r\\n\\x3c\\x00\\\\"}],`,
		`"connection_stats":[
{"tcp_pre_init":31,"tcp_post_init":0,"open":1000,"close":500,"failed":false},
{"tcp_pre_init":45,"tcp_post_init":0,"open":0,"close":0,"failed":true}]
}
`,
	} {
		if !strings.Contains(file, want) {
			t.Errorf("no %s in\n%s", want, file)
		}
	}
}

func TestCountersOfTheTesteeInTheFile(t *testing.T) {
	r := example.Plain()
	r.TesteeCost = example.TesteeCost()
	want := `"counters":{"counts":{"cycles":9100000,"instructions":6420000},"absent":{"branch_misses":"not counted","cache_misses":"ENOENT"},` +
		`"user_only":true,"per_handshake":{"cycles":91000,"instructions":64200}}}`
	if file := string(write(t, r)); !strings.Contains(file, want) {
		t.Errorf("no %s in\n%s", want, file)
	}
	r.TesteeCost.Counters = stats.Counters{}
	if file := string(write(t, r)); strings.Contains(file, `"counters":{"counts":{"cycles":9100000`) || strings.Contains(file, `"user_only":false}`) {
		t.Errorf("counters of an older result:\n%s", file)
	}
}

func TestErrnosInTheFile(t *testing.T) {
	file := string(write(t, example.CatchAll()))
	if want := `"errnos":{"connect_other":{"other":1},"client_other":{"ENODEV":7,"EINVAL":12}},`; !strings.Contains(file, want) {
		t.Errorf("no %s in\n%s", want, file)
	}
	if file := string(write(t, example.Failed())); strings.Contains(file, "errnos") {
		t.Errorf("errnos of no cause:\n%s", file)
	}
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(SchemaJSON))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.AssertContent()
	if err := c.AddResource("wsperf-1.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("wsperf-1.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func validate(schema *jsonschema.Schema, file []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(file))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

func TestWrittenFilesFollowTheSchema(t *testing.T) {
	schema := compileSchema(t)
	for name, r := range results(t) {
		if err := validate(schema, write(t, r)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	schema := compileSchema(t)
	file := string(write(t, example.Full()))
	for _, change := range []struct{ old, new string }{
		{`"schema":"wsperf/1"`, `"schema":"wsperf/2"`},
		{`"total":199`, `"total":-1`},
		{`"total":199`, `"totals":199`},
		{`"interrupted":true`, `"interrupted":1`},
		{`"open_eof":0`, `"open_eof":0.5`},
		{`"403":2`, `"40":2`},
		{`"fin":{`, `"end":{`},
		{`"tcp_pre_init":31,`, ``},
		{`"cpus":[]`, `"cpus":null`},
		{`"samples":3`, `"samples":101`},
		{`"bytes":26`, `"bytes":0`},
		{`"expression":"rate`, `"expression":"\u001brate`},
		{`"found":4`, `"found":"4"`},
		{`"ListenDrops":2002`, `"ListenDrops":-1`},
		{`"network_namespace":4026531840,`, ``},
		{`"softirq_us":900000`, `"softirq_us":0.5`},
		{`"met":true`, `"met":1`},
		{`"cycles":7000000`, `"cycles":-1`},
		{`"cache_misses":"ENOENT"`, `"cache_misses":"\u001b"`},
		{`"governor":"`, `"governor":"\u001b`},
		{`"values":["6.1","6.18"]`, `"values":["6.1"]`},
		{`"reply":"HTTP`, `"reply":"<HTTP`},
		{`"reply":"HTTP`, `"reply":"\\x1BHTTP`},
		{`"reply":"HTTP`, `"reply":"\u001bHTTP`},
	} {
		changed := strings.Replace(file, change.old, change.new, 1)
		if changed == file {
			t.Fatalf("no %s in the file", change.old)
		}
		if validate(schema, []byte(changed)) == nil {
			t.Errorf("the schema accepts %s instead of %s", change.new, change.old)
		}
	}
}

// TestSchemaNamesEveryKey looks up each key of a written file in the schema.
func TestSchemaNamesEveryKey(t *testing.T) {
	var file any
	if err := json.Unmarshal(write(t, example.Full()), &file); err != nil {
		t.Fatal(err)
	}
	checkNamed(t, "", compileSchema(t), file)
	if err := json.Unmarshal(write(t, staged()), &file); err != nil {
		t.Fatal(err)
	}
	checkNamed(t, "", compileSchema(t), file)
	if err := json.Unmarshal(write(t, parts()), &file); err != nil {
		t.Fatal(err)
	}
	checkNamed(t, "", compileSchema(t), file)
}

// parts has what a merged result of parts has.
func parts() *stats.Result {
	r := example.Part(1, 3, 200)
	r.Parts, r.Omitted = example.Parts(3).Parts, []stats.Omitted{stats.OmittedKernel, stats.OmittedLoops}
	return r
}

// staged is an open loop with stages.
func staged() *stats.Result {
	r := example.OpenLoop()
	r.Setup.Rate, r.Setup.Stages = 0, []stats.Stage{{From: 50, To: 150, LengthUs: 10e6}}
	return r
}

func checkNamed(t *testing.T, path string, schema *jsonschema.Schema, value any) {
	t.Helper()
	for schema.Ref != nil {
		schema = schema.Ref
	}
	switch value := value.(type) {
	case map[string]any:
		for key, v := range value {
			property, ok := schema.Properties[key]
			if !ok && schema.AdditionalProperties == nil {
				t.Errorf("%s.%s is not in the schema", path, key)
			}
			if ok {
				checkNamed(t, path+"."+key, property, v)
			}
		}
	case []any:
		items, ok := schema.Items2020, schema.Items2020 != nil
		if len(value) > 0 && ok {
			checkNamed(t, path+"[]", items, value[0])
		} else if len(value) > 0 {
			t.Errorf("%s has no items in the schema", path)
		}
	}
}

func TestWritingTheLogAllocatesNothingPerRecord(t *testing.T) {
	sizes := [2]float64{}
	for i, records := range []int{10, 100_000} {
		rec := stats.NewRecorder(stats.NewConnLog(int64(records)))
		s := &stats.Sample{Reached: example.AllReached}
		for range records {
			rec.Start()
			rec.Success(s)
			rec.Fin(stats.FinReceived)
		}
		r := example.Complete(rec)
		phases, err := phaseMembers(r)
		if err != nil {
			t.Fatal(err)
		}
		sizes[i] = testing.AllocsPerRun(1, func() {
			if err := writeFile(io.Discard, r, phases); err != nil {
				t.Fatal(err)
			}
		})
	}
	// Under the race detector, sync.Pool drops items at random: allow for some allocations,
	// but not for one per record.
	if sizes[1] > sizes[0]+1000 {
		t.Errorf("%v allocations for 10 records, %v for 100000", sizes[0], sizes[1])
	}
}

var errFull = errors.New("no space left")

// shortWriter accepts n bytes and then fails.
type shortWriter struct{ n int }

func (w *shortWriter) Write(p []byte) (int, error) {
	if len(p) > w.n {
		written := w.n
		w.n = 0
		return written, errFull
	}
	w.n -= len(p)
	return len(p), nil
}

func TestFirstWriteErrorIsReturned(t *testing.T) {
	r := example.Plain()
	phases, err := phaseMembers(r)
	if err != nil {
		t.Fatal(err)
	}
	whole := len(write(t, r))
	for n := range whole {
		if err := writeFile(&shortWriter{n}, r, phases); !errors.Is(err, errFull) {
			t.Fatalf("error %v after %d bytes", err, n)
		}
	}
}
