package main

import (
	"strings"
	"testing"
	"time"
)

func TestDelay(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		text  string
		first []time.Duration
	}{
		{"0s", []time.Duration{0, 0, 0}},
		{"5ms", []time.Duration{5 * ms, 5 * ms, 5 * ms}},
		{"50%:200ms", []time.Duration{200 * ms, 0, 200 * ms, 0}},
		{"100%:1ms", []time.Duration{ms, ms}},
		{"uniform:10ms..10ms", []time.Duration{10 * ms, 10 * ms}},
	} {
		var d delay
		if err := d.Set(c.text); err != nil {
			t.Fatal(err)
		}
		for i, want := range c.first {
			if got := d.at(i); got != want {
				t.Errorf("%s: connection %d waits %v, want %v", c.text, i, got, want)
			}
		}
		var again delay
		if err := again.Set(d.String()); err != nil || again != d {
			t.Errorf("%s is written as %s, which is %+v, %v", c.text, d.String(), again, err)
		}
	}
}

// TestUniformDelay: in each twentieth of the range are as many delays as in any other, but
// for a few.
func TestUniformDelay(t *testing.T) {
	d := delay{least: 100, most: 300, every: 1}
	var in [20]int
	for i := range 2000 {
		in[(d.at(i)-100)/10]++
	}
	for i, n := range in {
		if n < 97 || n > 103 {
			t.Errorf("%d of 2000 delays are in part %d of 20", n, i)
		}
	}
}

func TestDelayRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"5":                    `"5": must be 0s to 5s`,
		"-1ms":                 "must be 0s to 5s",
		"6s":                   "must be 0s to 5s",
		"normal:1ms..2ms":      "must be such as 5ms, uniform:0ms..20ms or 1%:200ms",
		"uniform:5ms":          "must be uniform:LEAST..MOST",
		"uniform:0..20ms..":    "must be 0s to 5s",
		"uniform:20ms..1ms":    "20ms is more than 1ms",
		"0%:1ms":               "the share must be 0.01% to 100%",
		"NaN%:1ms":             "the share must be 0.01% to 100%",
		"101%:1ms":             "the share must be 0.01% to 100%",
		"30%:1ms":              "one connection in a whole number",
		"1%:1h":                "must be 0s to 5s",
		"1%:" + "\x1b[2J" + "": `"\x1b[2J"`,
	} {
		var d delay
		if err := d.Set(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

// TestNominal: accepts are in order, so in an open loop one that is late delays those that
// come meanwhile.
func TestNominal(t *testing.T) {
	const ms = time.Millisecond
	late := delay{least: 25 * ms, most: 25 * ms, every: 100}
	for _, c := range []struct {
		name string
		nominal
		want []time.Duration
	}{
		{"open loop", nominal{n: 4, apart: 10 * ms}, []time.Duration{25 * ms, 15 * ms, 5 * ms, 0}},
		{"closed loop", nominal{n: 4}, []time.Duration{25 * ms, 0, 0, 0}},
	} {
		c.delays[stepAccept] = late
		for i, got := range c.waits(stepAccept) {
			if got != c.want[i] {
				t.Errorf("%s: connection %d waits %v, want %v", c.name, i, got, c.want[i])
			}
		}
	}
}
