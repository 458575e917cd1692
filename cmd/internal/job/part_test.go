package job

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"wsperf/stats"
)

// runLine parses the options of run, in an environment of NAME=VALUE words.
func runLine(t *testing.T, args, environment string) (Options, error) {
	t.Helper()
	o := Default()
	flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
	line := BindRun(flags, &o)
	if err := flags.Parse(strings.Fields(args)); err != nil {
		return o, err
	}
	set := map[string]string{}
	for _, word := range strings.Fields(environment) {
		name, value, _ := strings.Cut(word, "=")
		set[name] = value
	}
	return o, line.CheckRun(func(name string) string { return set[name] })
}

const (
	ofSlurm      = "SLURM_JOB_ID=17 SLURM_PROCID=2 SLURM_STEP_NUM_TASKS=4 SLURM_STEP_ID=5 SLURM_NTASKS=9 "
	ofKubernetes = "JOB_COMPLETION_INDEX=0 WSPERF_SHARDS=3 "
	ofOpenMPI    = "OMPI_COMM_WORLD_RANK=7 OMPI_COMM_WORLD_SIZE=8 "
	ofMPICH      = "PMI_RANK=1 PMI_SIZE=2 "
)

// TestPartOfEnvironment: which part a process is, and of which run.
func TestPartOfEnvironment(t *testing.T) {
	for _, c := range []struct{ args, environment, want string }{
		{"", "", "0/0 "},
		{"", ofKubernetes, "0/3 "},
		{"", ofKubernetes + "WSPERF_RUN_ID=nightly-7", "0/3 nightly-7"},
		{"", ofSlurm, "2/4 17.5"},
		{"", ofSlurm + "WSPERF_RUN_ID=r", "2/4 r"},
		{"", ofOpenMPI, "7/8 "},
		{"", ofMPICH, "1/2 "},
		{"--shard 1/2", "", "1/2 "},
		{"--shard 1/2", ofSlurm, "1/2 "},
		{"--shard 1/2 --run-id mine", ofSlurm + "WSPERF_RUN_ID=r", "1/2 mine"},
		{"--shard 1/2", "JOB_COMPLETION_INDEX=x WSPERF_SHARDS=3", "1/2 "},
		{"--shard 0/1", "WSPERF_RUN_ID=r", "0/1 r"},
		// A part of one is none, a pair that is not complete says nothing.
		{"", "SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=1 SLURM_JOB_ID=17 SLURM_STEP_ID=0 WSPERF_RUN_ID=r", "0/0 "},
		{"", "SLURM_JOB_ID=17 SLURM_PROCID=0 SLURM_NTASKS=4 SLURM_NPROCS=4", "0/0 "},
		{"", "JOB_COMPLETION_INDEX=2", "0/0 "},
		{"", "JOB_COMPLETION_INDEX=2 " + ofMPICH, "1/2 "},
		{"", "PMI_RANK= PMI_SIZE=", "0/0 "},
		// Daemons of mpirun are tasks of a step.
		{"", ofSlurm + ofOpenMPI, "7/8 "},
		{"", ofSlurm + ofMPICH, "1/2 "},
		// What is said of a part makes one.
		{"--run-id mine", "", "0/1 mine"},
		{"--start-at @f", "WSPERF_RUN_ID=r", "0/1 r"},
		{"--ready-file f", "WSPERF_RUN_ID=r", "0/0 "},
	} {
		o, err := runLine(t, c.args, c.environment)
		if got := fmt.Sprintf("%v %s", o.Part.Shard, o.Part.RunID); err != nil || got != c.want {
			t.Errorf("%q with %s: %q, %v, want %q", c.args, c.environment, got, err, c.want)
		}
	}
}

// TestNumberInNames: parts with one command line have files of their own.
func TestNumberInNames(t *testing.T) {
	for _, c := range []struct{ environment, want string }{
		{ofSlurm, "r-2-2.json 2.html ready/2"},
		{"SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=1", "r-0-0.json 0.html ready/0"},
		{"", "r-0-0.json 0.html ready/0"},
	} {
		o, err := runLine(t, "--out r-{shard}-{shard}.json --html {shard}.html --ready-file ready/{shard}", c.environment)
		if got := o.Out + " " + o.HTML + " " + o.Part.ReadyFile; err != nil || got != c.want {
			t.Errorf("%s: %s, %v, want %s", c.environment, got, err, c.want)
		}
	}
}

func TestMistakesInParts(t *testing.T) {
	for _, c := range []struct{ args, environment, want string }{
		{"", "JOB_COMPLETION_INDEX=3 WSPERF_SHARDS=3", `environment: JOB_COMPLETION_INDEX="3" and WSPERF_SHARDS="3": the part must be 0 to 2: correct them, or give --shard`},
		{"", "SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=\x1b[2J", `environment: SLURM_PROCID="0" and SLURM_STEP_NUM_TASKS="\x1b[2J": the number of parts must be 1 to 16384: correct them, or give --shard`},
		{"", "PMI_RANK=-1 PMI_SIZE=2", `environment: PMI_RANK="-1" and PMI_SIZE="2": the part must be 0 to 1: correct them, or give --shard`},
		{"--shard 0/2", "WSPERF_RUN_ID=ü", `environment: WSPERF_RUN_ID="\u00fc": must be printable ASCII without spaces: correct it, or give --run-id`},
		{"--max-late 1s", "", "--max-late needs --start-at: a run without a moment is never late"},
		{"--start-timeout 1s", "", "--start-timeout needs --start-at @FILE: it is the time to wait for the moment in FILE"},
	} {
		if _, err := runLine(t, c.args, c.environment); err == nil || err.Error() != c.want {
			t.Errorf("%q with %q: %v, want %s", c.args, c.environment, err, c.want)
		}
	}
	for value, want := range map[string]string{
		"1":        "must be I/N, such as 0/3, the first of 3 parts",
		"3/3":      "the part must be 0 to 2",
		"-1/3":     "the part must be 0 to 2",
		"0/0":      "the number of parts must be 1 to 16384",
		"0/16385":  "the number of parts must be 1 to 16384",
		"0/3/4":    "the number of parts must be 1 to 16384",
		"/3":       "the part must be 0 to 2",
		"0x1/0x10": "the number of parts must be 1 to 16384",
	} {
		if err := (shardValue{new(Shard)}).Set(value); err == nil || err.Error() != want || !isBadValue(err) {
			t.Errorf("%s: %v, want %s", value, err, want)
		}
	}
}

// TestPartHasItsShare: the setup of all parts adds up to that of the whole, and the engine gets the same numbers.
func TestPartHasItsShare(t *testing.T) {
	for _, args := range []string{"--conns 1000 --warmup-conns 20", "--rate 1000 --conns 50", "--stages 10..100:1s,70:2s", "--duration 3s --low 7 --high 23"} {
		whole, err := runLine(t, args, "")
		if err != nil {
			t.Fatal(err)
		}
		var sum stats.Setup
		for i := range 7 {
			o, err := runLine(t, fmt.Sprintf("%s --shard %d/7", args, i), "")
			if err != nil {
				t.Fatal(err)
			}
			j, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			r := &stats.Result{}
			j.Describe(r)
			addSetup(&sum, &r.Setup)
			cfg, err := j.EngineConfig(netip.MustParseAddrPort("127.0.0.1:80"))
			if err != nil || cfg.Connections != r.Setup.Connections || cfg.WarmupConnections != r.Setup.WarmupConnections || cfg.Low != r.Setup.Low || cfg.High != r.Setup.High {
				t.Errorf("part %d of %s: the engine has %+v, the result %+v, %v", i, args, cfg.Load, r.Setup, err)
			}
			if len(cfg.Stages) > 0 && cfg.Stages[0].From != whole.stages()[0].From {
				t.Errorf("part %d of %s: the engine has stages %v, want those of the whole", i, args, cfg.Stages)
			}
		}
		if sum.Connections != whole.Connections || sum.WarmupConnections != whole.WarmupConnections || sum.Low != whole.Low || sum.High != whole.High {
			t.Errorf("%s: the sum is %+v, want %+v", args, sum, whole.Setup)
		}
		if !about(sum.Rate, whole.Rate) || len(sum.Stages) != len(whole.Stages) {
			t.Errorf("%s: the sum of the rates is %v, want %v", args, sum.Rate, whole.Rate)
		}
		for i, s := range whole.Stages {
			if !about(sum.Stages[i].From, s.From) || !about(sum.Stages[i].To, s.To) || sum.Stages[i].LengthUs != s.LengthUs {
				t.Errorf("%s: the sum of stage %d is %v, want %v", args, i, sum.Stages[i], s)
			}
		}
	}
}

// about allows for the rounding of a sum.
func about(got, want float64) bool { return got >= want*(1-1e-12) && got <= want*(1+1e-12) }

func addSetup(sum, s *stats.Setup) {
	sum.Connections, sum.WarmupConnections = sum.Connections+s.Connections, sum.WarmupConnections+s.WarmupConnections
	sum.Low, sum.High, sum.Rate = sum.Low+s.Low, sum.High+s.High, sum.Rate+s.Rate
	for i, stage := range s.Stages {
		if i == len(sum.Stages) {
			sum.Stages = append(sum.Stages, stats.Stage{LengthUs: stage.LengthUs})
		}
		sum.Stages[i].From, sum.Stages[i].To = sum.Stages[i].From+stage.From, sum.Stages[i].To+stage.To
	}
}

func TestTooLittleForTheParts(t *testing.T) {
	for args, want := range map[string]string{
		"--conns 2 --shard 0/3": "--conns 2 cannot be divided among 3 parts: must be 3 or more, that of the whole run",
		"--low 2 --shard 0/3":   "--low 2 cannot be divided among 3 parts: must be 3 or more, that of the whole run",
		"--shard 0/300":         "--low 250 cannot be divided among 300 parts: must be 300 or more, that of the whole run",
		"--rate 1 --warmup-conns 1 --duration 1s --shard 1/2":            "--warmup-conns 1 cannot be divided among 2 parts: must be 2 or more, that of the whole run",
		"--rate 0.01 --duration 1s --shard 1/2":                          "",
		"--rate 100 --duration 1s --shard 16383/16384":                   "",
		"--conns 3 --low 3 --high 3 --shard 2/3 --run-id x --log --json": "",
	} {
		o, err := runLine(t, args, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := New(o); err == nil != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%s: %v, want %s", args, err, want)
		}
	}
}

func TestHostOfPart(t *testing.T) {
	t.Setenv("WSPERF_NODE", "n\x1b1")
	p := Part{Shard: Shard{1, 2}, RunID: "r"}
	if got := p.Entry(); got != (stats.Part{Number: 1, Of: 2, RunID: "r", Host: `n\x1b1`}) {
		t.Errorf("%+v", got)
	}
	t.Setenv("WSPERF_NODE", strings.Repeat("x", 1000))
	if got := p.Entry(); len(got.Host) != stats.MaxHostBytes {
		t.Errorf("the host has %d bytes", len(got.Host))
	}
	t.Setenv("WSPERF_NODE", "")
	if got := p.Entry(); got.Host == "" {
		t.Error("no name of this host")
	}
}

// TestMoment: all decimals count.
func TestMoment(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	for text, want := range map[string]time.Time{
		fmt.Sprint(now.Unix()):                                    now,
		fmt.Sprintf("%d.5", now.Unix()):                           now.Add(time.Second / 2),
		fmt.Sprintf("%d.000000001", now.Unix()):                   now.Add(1),
		now.Format(time.RFC3339):                                  now,
		now.Add(1).Format("2006-01-02T15:04:05.999999999-07:00"):  now.Add(1),
		now.In(time.FixedZone("", 7200)).Format(time.RFC3339Nano): now,
	} {
		if got, err := parseMoment(text); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                                       wantMoment,
		"now":                                    wantMoment,
		"-1":                                     wantMoment,
		"+1":                                     wantMoment,
		fmt.Sprintf("%d.", now.Unix()):           wantMoment,
		fmt.Sprintf("%d.1234567890", now.Unix()): wantMoment,
		fmt.Sprintf("%d.-5", now.Unix()):         wantMoment,
		"2026-11-27 19:00:00":                    wantMoment,
		"2026-11-27T19:00:00":                    wantMoment,
		"99999999999999999999":                   wantMoment,
		"0":                                      "is 1970-01-01T00:00:00Z: must be within 24h0m0s of now",
		"1764270000123":                          "is 57877-06-28T16:02:03Z: must be within 24h0m0s of now",
		"176427000012":                           "is 7560-10-01T04:00:12Z: must be within 24h0m0s of now",
	} {
		if _, err := parseMoment(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
