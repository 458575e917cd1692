package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

const (
	readme      = "../../README.md"
	shellOutput = "output.txt" // in the folder of the commands
)

// TestReadmeCommands runs the commands of the README in a folder that contains only
// bin/wsperf. It replaces the port, because the README's may be in use.
func TestReadmeCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: the commands take some seconds")
	}
	t.Parallel()
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(readmeText(t), -1)
	if len(blocks) == 0 {
		t.Fatal("the README has no commands")
	}
	folder := t.TempDir()
	if out, err := exec.Command("go", "build", "-pgo=off", "-o", filepath.Join(folder, "bin", "wsperf"), ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	var script strings.Builder
	script.WriteString("set -e\n")
	for _, block := range blocks {
		// Wait for the testee to listen: a script is faster than a person.
		script.WriteString(strings.ReplaceAll(block[1], "&\n", "&\ntimeout 10 sh -c \"until grep -q 'listening on' "+shellOutput+"; do sleep 0.02; done\"\n"))
	}
	out, err := shell(folder, strings.ReplaceAll(script.String(), ":9000", freePort(t)))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"result.json", "results.json"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s was not written: %v", name, err)
		}
	}
	if n := strings.Count(out, "Handshakes/sec:"); n < 5 {
		t.Errorf("%d reports were printed, want at least 5:\n%s", n, out)
	}
}

// shell runs a script, and ends the processes that it leaves behind.
func shell(folder, script string) (out string, err error) {
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	file, err := os.Create(filepath.Join(folder, shellOutput))
	if err != nil {
		return "", err
	}
	defer file.Close()
	cmd.Stdout, cmd.Stderr = file, file
	err = cmd.Run()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	text, readErr := os.ReadFile(file.Name())
	if err == nil {
		err = readErr
	}
	return string(text), err
}

// freePort returns ":PORT".
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strings.TrimPrefix(l.Addr().String(), "127.0.0.1")
}

// TestReadmeNamesEveryOption compares the README's tables, each in the section of
// its command, with the command.
func TestReadmeNamesEveryOption(t *testing.T) {
	for _, c := range []struct {
		verb, section string
		least         int
	}{{"run", "## Options of `wsperf run`", 19}, {"drive", "## Several processes", 22}, {"search", "## The highest rate that meets requirements", 21}, {"calibrate", "## Calibration", 7}, {"compare", "## Comparing servers", 40}, {"testee", "## Built-in testee", 7},
		{"launch kubernetes", "## Many machines", 24}, {"launch slurm", "## Many machines", 18}} {
		section := sectionOf(t, c.section)
		options := optionsOf(t, c.verb)
		if len(options) < c.least {
			t.Errorf("%s: %d options in the help", c.verb, len(options))
		}
		for _, o := range options {
			if !regexp.MustCompile("(?m)^\\| (`[^|]*, )?`" + o + "[` ]").MatchString(section) {
				t.Errorf("%s: %s is not in the README's table", c.verb, o)
			}
		}
	}
}

func sectionOf(t *testing.T, title string) string {
	t.Helper()
	_, rest, found := strings.Cut(readmeText(t), "\n"+title+"\n")
	if !found {
		t.Fatalf("the README has no section %s", title)
	}
	section, _, _ := strings.Cut(rest, "\n## ")
	return section
}

func optionsOf(t *testing.T, verb string) (names []string) {
	t.Helper()
	var help, complaint bytes.Buffer
	if code := run(append(strings.Fields(verb), "--help"), nil, &help, &complaint); code != 0 {
		t.Fatalf("%s --help: exit code %d\n%s", verb, code, complaint.String())
	}
	for _, m := range regexp.MustCompile(`(?m)^      (--[a-z-]+)`).FindAllStringSubmatch(help.String(), -1) {
		names = append(names, m[1])
	}
	return names
}

// TestReadmeNamesEveryMakeTarget checks that each `make X` in the README is a target.
func TestReadmeNamesEveryMakeTarget(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`make ([a-z_-]+)`).FindAllStringSubmatch(readmeText(t), -1) {
		if !regexp.MustCompile(`(?m)^` + m[1] + `:`).Match(makefile) {
			t.Errorf("make %s is not a target", m[1])
		}
	}
}

// TestReadmeNamesEveryDependency: each module that go.mod requires directly, and the
// version of staticcheck in the Makefile, are in a table row with a reason.
func TestReadmeNamesEveryDependency(t *testing.T) {
	var rows []string
	for file, pattern := range map[string]string{"../../go.mod": `(?m)^\t(\S+?)(?:/v\d+)? (v\S+)$`, "../../Makefile": `(?m)cmd/(staticcheck)@(v\S+)$`} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
			rows = append(rows, `(?m)^\| \[`+regexp.QuoteMeta(m[1])+`\]\(\S+\) `+regexp.QuoteMeta(m[2])+` \| \S`)
		}
	}
	if len(rows) < 10 {
		t.Errorf("%d dependencies found", len(rows))
	}
	for _, row := range rows {
		if !regexp.MustCompile(row).MatchString(readmeText(t)) {
			t.Errorf("the README has no row %s", row)
		}
	}
}

func readmeText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
