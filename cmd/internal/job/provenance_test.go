package job

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"wsperf/stats"
)

func TestCommandIsMasked(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, ""},
		{[]string{"run", "ws://u:pw@h/?token=abc&x=1"}, "wsperf run 'ws://***@h/?token=***&x=1'"},
		{[]string{"run", "--header", "Cookie: a=1", "--header=Authorization: Bearer t", "--header", "X: 1"},
			"wsperf run --header 'Cookie: ***' '--header=Authorization: ***' --header 'X: 1'"},
		{[]string{"run", "--subprotocol", "access_token", "--low", "3", "--subprotocol=s3c", "--subprotocol", "bearer.abc"},
			"wsperf run --subprotocol access_token --low 3 '--subprotocol=***' --subprotocol 'bearer.***'"},
		{[]string{"drive", "--wsuri=ws://u:p@h/", "--origin", "https://u:q@o"}, "wsperf drive '--wsuri=ws://***@h/' --origin 'https://***@o'"},
		{[]string{"run", "--out", "hunter22.json", "--header", "Cookie: hunter22"}, "wsperf run --out '***.json' --header 'Cookie: ***'"},
		{[]string{"run", "--out", "it's", ""}, `wsperf run --out 'it'\''s' ''`},
		{[]string{"run", "--out", "a\x1b'\u00e4\x9b\"\\"}, `wsperf run --out $'a\x1b\'\u00e4\x9b"\\'`},
		{[]string{"run", "--require", "fail% < 1", `a\b"`}, `wsperf run --require 'fail% < 1' 'a\b"'`},
		{[]string{"run", "--header"}, "wsperf run --header"},
	} {
		got := new(masker).command(c.args)
		if got != c.want {
			t.Errorf("%q: %s, want %s", c.args, got, c.want)
		}
	}
}

func TestCommandOfKeptSecrets(t *testing.T) {
	if got, want := (*masker)(nil).command([]string{"run", "ws://u:pw@h/"}), "wsperf run ws://u:pw@h/"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestProvenance checks that what is described can be written and read again.
func TestProvenance(t *testing.T) {
	o := full()
	o.Command = []string{"run", "--header", "Cookie: id=7", strings.Repeat("\x00", stats.MaxCommandBytes)}
	j, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	r, err := stats.Merge()
	if err != nil {
		t.Fatal(err)
	}
	j.Describe(r)
	p := r.Provenance
	if !strings.HasPrefix(p.Command, "wsperf run --header 'Cookie: ***' $'\\x00") || !strings.HasSuffix(p.Command, "...") || len(p.Command) != stats.MaxCommandBytes {
		t.Errorf("command %s", p.Command)
	}
	if p.System == "" || p.AllowedCPUs == "" || len(p.Sysctls) < 5 || p.Testee != "" {
		t.Errorf("%+v", p)
	}
	if err := r.Check(); err != nil {
		t.Error(err)
	}
}

// TestShellReadsTheCommand: pasted into bash, the words are the arguments again.
func TestShellReadsTheCommand(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed (apt-get install bash)")
	}
	args := []string{"run", "", "it's", "a b", `\`, `a\'b"`, "$HOME `id` $(id)", "*?[x]~", "!x", "\x1b2\x7f\n\t", "\u00e4\u20ac", "\x9b", "fail% < 1", "'", "\x01'\"\\"}
	cmd := exec.Command(bash, "--norc", "-c", "wsperf() { printf '%s\\0' \"$@\"; }; "+(*masker)(nil).command(args))
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Join(args, "\x00") + "\x00"; string(out) != want {
		t.Errorf("%q, want %q", out, want)
	}
}
