package job

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"wsperf/stats"
)

func TestParseRate(t *testing.T) {
	for text, want := range map[string]float64{
		"5000": 5000, "5000/s": 5000, "300/m": 5, "12k": 12000, "1.5k/s": 1500, "0.5": 0.5, "36/h": 0.01, "1e3": 1000, "0": 0, "10000k": 1e7,
	} {
		if got, err := parseRate(text); err != nil || got != want {
			t.Errorf("%s: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "x", "-1", "5/", "5/d", "/s", "NaN", "Inf", "10001k", "5 000", "5k k", "0x"} {
		if got, err := parseRate(text); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}

func TestParseStages(t *testing.T) {
	got, err := parseStages("1000:10s,1k..5k:30s,300/m:2m,0:1ms")
	want := []stats.Stage{{From: 1000, To: 1000, LengthUs: 10e6}, {From: 1000, To: 5000, LengthUs: 30e6}, {From: 5, To: 5, LengthUs: 120e6}, {LengthUs: 1000}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	for text, want := range map[string]string{
		"1000":                                 `stage "1000": must be stages such as`,
		"1000:10s,":                            `stage "": must be stages such as`,
		"1000:10":                              "with its unit",
		"1000:0s":                              "above 0",
		"1..x:1s":                              "must be starts per second",
		"..5:1s":                               "must be starts per second",
		strings.Repeat("1:1s,", 1000) + "1:1s": "1001 stages: must be at most 1000",
	} {
		if got, err := parseStages(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, %v, want %q", text, len(got), err, want)
		}
	}
}

// TestOpenLoopOptions: which options go together, and what an open loop has by default.
func TestOpenLoopOptions(t *testing.T) {
	for _, c := range []struct {
		args       string
		want       string // the error; empty: none
		conns      int64
		durationUs int64
	}{
		{"--rate 100", "", 0, 10e6},
		{"--rate 100 --duration 3s", "", 0, 3e6},
		{"--rate 100 --conns 50 --arrivals poisson", "", 50, 0},
		{"--stages 1:1s,2:2s", "", 0, 3e6},
		{"--rate 100 --low 5", "--low and --rate cannot be given together", 0, 0},
		{"--stages 1:1s --high 5", "--high and --stages cannot be given together", 0, 0},
		{"--rate 100 --stages 1:1s", "--rate and --stages cannot be given together", 0, 0},
		{"--stages 1:1s --conns 7", "--conns and --stages cannot be given together", 0, 0},
		{"--stages 1:1s --duration 7s", "--duration and --stages cannot be given together", 0, 0},
		{"--stages 1:1600000h,1:1600000h", "--stages: the times are too long", 0, 0},
		{"--warmup 1s --warmup-conns 5", "--warmup and --warmup-conns cannot be given together", 0, 0},
		{"--rate 100 --warmup 1s --conns 7", "", 7, 0},
		{"--stages 1:1s --warmup-conns 9", "", 0, 1e6},
		{"--arrivals even", "--arrivals needs --rate or --stages", 0, 0},
	} {
		o := Default()
		flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
		line := BindRun(flags, &o)
		if err := flags.Parse(strings.Fields(c.args)); err != nil {
			t.Fatal(err)
		}
		err := line.Check()
		switch {
		case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", c.args, err, c.want)
		case c.want == "" && (err != nil || o.Connections != c.conns || o.DurationUs != c.durationUs || o.Low != 0 || o.Arrivals == ""):
			t.Errorf("%s: %v, %+v", c.args, err, o.Setup)
		}
		if c.want == "" {
			if _, err := New(o); err != nil {
				t.Errorf("%s: %v", c.args, err)
			}
		}
	}
	flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
	o := Default()
	BindRun(flags, &o)
	for _, args := range []string{"--warmup 0s", "--warmup 1001h", "--warmup-conns 0", "--rate 0", "--rate=-1", "--arrivals odd", "--stages 1"} {
		if flags.Parse(strings.Fields(args)) == nil {
			t.Errorf("%s is accepted", args)
		}
	}
}
