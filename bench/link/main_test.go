package main

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"wsperf/bench/link/emulator"
)

func TestCommandLine(t *testing.T) {
	o, err := parse([]string{"-delay", "20ms", "-cut", "2s:3s", "--", "true", "-x"})
	if err != nil || o.link.Delay != 20*time.Millisecond || o.cut != (cut{2 * time.Second, 3 * time.Second}) || strings.Join(o.command, " ") != "true -x" {
		t.Errorf("%+v, %v", o, err)
	}
	for _, c := range []struct{ args, want string }{
		{"-delay 1ms", "a command to run at the near end is missing"},
		{"-loss 2 true", "loss 2: must be 0 to 1"},
		{"-cut 2s true", "must be AT:FOR, such as 2s:3s"},
		{"-cut 2s:-1s true", "must be AT:FOR, such as 2s:3s"},
	} {
		if _, err := parse(strings.Fields(c.args)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.args, err, c.want)
		}
	}
}

// TestCommand: the command's output and exit code are its own, and the summary says what
// the link did.
func TestCommand(t *testing.T) {
	network(t, emulator.Config{}) // skips
	o := options{command: []string{"sh", "-c", "echo near; exit 7"}, testee: "sh -c read"}
	var stdout, stderr strings.Builder
	if err := o.run(t.Context(), &stdout, &stderr); err == nil || !strings.Contains(err.Error(), "testee sh") {
		t.Errorf("error %v, want one of the testee, which ends without a line", err)
	}
	o.testee = ""
	err := o.run(t.Context(), &stdout, &stderr)
	if exit := (&exec.ExitError{}); !errors.As(err, &exit) || exit.ExitCode() != 7 || stdout.String() != "near\n" {
		t.Errorf("error %v, output %q; want exit code 7 and the command's output", err, stdout.String())
	}
	if !strings.Contains(stderr.String(), "link: packets to the testee") {
		t.Errorf("no summary in %q", stderr.String())
	}
}

func TestFates(t *testing.T) {
	for want, counts := range map[string]map[emulator.Fate]int{
		"none":                 {},
		"delivered 40, lost 2": {emulator.Lost: 2, emulator.Delivered: 40},
	} {
		if got := fates(counts); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
