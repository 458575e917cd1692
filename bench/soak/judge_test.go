package main

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"wsperf/stats"
)

// history returns n samples of a process whose memory is kB(i) in sample i.
func history(n int, kB func(i int) int) []sample {
	samples := make([]sample, n)
	for i := range samples {
		samples[i] = sample{at: time.Duration(i) * sampleEvery, residentKB: kB(i), threads: 8, descriptors: 100}
	}
	return samples
}

func TestMemoryIsFlat(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name string
		n    int
		kB   func(i int) int
		want string // part of the error; "" for none
	}{
		{"constant", 600, func(int) int { return 12000 }, ""},
		{"shrinks", 600, func(i int) int { return 20000 - i }, ""},
		{"grows while it warms up", 600, func(i int) int { return 12000 + min(i, 140)*100 }, ""},
		{"noise", 600, func(int) int { return 12000 + random.IntN(5000) }, ""},
		{"peaks at the end", 600, func(i int) int { return 12000 + i/590*50000 }, ""},
		{"peaks at first", 600, func(i int) int { return 12000 + (600-i)/550*50000 }, ""},
		{"grows by less than the slack", 600, func(i int) int { return 12000 + i*2 }, ""},
		{"grows by less than 5 percent", 600, func(i int) int { return 400000 + i*40 }, ""},
		{"a leak", 600, func(i int) int { return 12000 + i*4 }, "memory in kB grew from 12900 to 14100, more than 1024"},
		{"a leak of a large process", 600, func(i int) int { return 400000 + i*100 }, "more than"},
		{"a step in the third quarter", 600, func(i int) int { return 12000 + i/400*2000 }, "grew from 12000 to 14000"},
		{"few samples", 4, func(i int) int { return 12000 + i*1000 }, "grew from 13000 to 15000"},
		{"too few samples", 3, func(int) int { return 12000 }, "3 samples are too few"},
		{"no samples", 0, nil, "0 samples are too few"},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkError(t, flat([]series{{"run", history(c.n, c.kB)}}), c.want)
		})
	}
}

func TestOtherQuantitiesAreFlat(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(s *sample, i int)
		want   string
	}{
		{"descriptors come and go", func(s *sample, i int) { s.descriptors += i % 40 }, ""},
		{"descriptors leak", func(s *sample, i int) { s.descriptors += i }, "wsperf testee: descriptors grew from 325 to 625, more than 50"},
		{"two more threads", func(s *sample, i int) { s.threads += i / 300 * 2 }, ""},
		{"threads leak", func(s *sample, i int) { s.threads += i / 100 }, "wsperf testee: threads grew from 10 to 13, more than 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			steady := history(600, func(int) int { return 12000 })
			changing := history(600, func(int) int { return 12000 })
			for i := range changing {
				c.change(&changing[i], i)
			}
			checkError(t, flat([]series{{"run", steady}, {"testee", changing}}), c.want)
		})
	}
}

func TestComplete(t *testing.T) {
	fins := func(received, reset uint64) stats.FinResult { return stats.FinResult{Received: received, Reset: reset} }
	for _, c := range []struct {
		result stats.Result
		want   string
	}{
		{stats.Result{Counts: stats.Counts{Total: 9, Success: 9, Fin: fins(9, 0)}}, ""},
		{stats.Result{}, "no connection succeeded"},
		{stats.Result{Counts: stats.Counts{Total: 9, Success: 9, Fin: fins(9, 0)}, Interrupted: true}, "interrupted"},
		{stats.Result{Counts: stats.Counts{Total: 9, Success: 7, Fail: 2, Fin: fins(7, 0)}}, "2 connections failed"},
		{stats.Result{Counts: stats.Counts{Total: 9, Success: 9, Fin: fins(8, 1)}}, "1 of 9 connections did not end with the testee's FIN"},
	} {
		checkError(t, complete(&c.result), c.want)
	}
}

// checkError fails the test unless the error contains part, or is nil if part is
// empty.
func checkError(t *testing.T, err error, part string) {
	t.Helper()
	if (err == nil) != (part == "") || err != nil && !strings.Contains(err.Error(), part) {
		t.Errorf("error %v, want one with %q", err, part)
	}
}

func TestParseStatus(t *testing.T) {
	const status = "Name:\twsperf\nVmPeak:\t  999 kB\nVmRSS:\t   11672 kB\nThreads:\t8\n"
	if s, err := parseStatus([]byte(status)); err != nil || s.residentKB != 11672 || s.threads != 8 {
		t.Errorf("%+v, error %v", s, err)
	}
	for _, bad := range []string{"Name:\twsperf\nThreads:\t1\n", "VmRSS:\tmuch\n", ""} {
		if s, err := parseStatus([]byte(bad)); err == nil {
			t.Errorf("%q: %+v, want an error", bad, s)
		}
	}
}

func TestTable(t *testing.T) {
	watched := []series{
		{"run", history(603, func(i int) int { return 10000 + i })},
		{"testee", history(603, func(i int) int { return 20000 + i })},
	}
	var out strings.Builder
	writeTable(&out, watched)
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 2+tableRows {
		t.Fatalf("%d lines:\n%s", len(lines), out.String())
	}
	if first, want := strings.Fields(lines[2]), "59s 10059 100 8 20059 100 8"; strings.Join(first, " ") != want {
		t.Errorf("first row %q, want %q", first, want)
	}
	if last, want := strings.Fields(lines[len(lines)-1]), "10m2s 10602 100 8 20602 100 8"; strings.Join(last, " ") != want {
		t.Errorf("last row %q, want %q", last, want)
	}
}

func TestParse(t *testing.T) {
	if s, err := parse(nil); err != nil || s.duration != 10*time.Minute || s.wsperf != "bin/wsperf" {
		t.Errorf("%+v, error %v", s, err)
	}
	for _, args := range [][]string{{"-duration", "19s"}, {"10m"}, {"-duration", "soon"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
}
