package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"wsperf/cmd/internal/builtin"
)

// TestMain lets the test binary be the command: scripts and tests call
// "wsperf", and the built-in testee starts itself the same way.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"wsperf": main, "kubectl": kubectlMain})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":       exits,
			"says":        says,
			"testee":      startTestee,
			"says503":     startUnavailable,
			"keys":        keys,
			"count":       count,
			"certificate": certificate,
			"part":        writePart,
		},
	})
}

// exits CODE PROGRAM ARGS... runs a program that must end with the exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if neg || got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// says TEXT... expects these lines on standard error, each after "wsperf: ", and nothing
// on standard output.
func says(ts *testscript.TestScript, neg bool, args []string) {
	want := ""
	for _, line := range args {
		want += "wsperf: " + line + "\n"
	}
	if got := ts.ReadFile("stderr"); neg || got != want {
		ts.Fatalf("standard error is\n%swant\n%s", got, want)
	}
	if got := ts.ReadFile("stdout"); got != "" {
		ts.Fatalf("standard output is %q, want nothing", got)
	}
}

// testee ARGS... starts "wsperf testee", sets ADDRESS, and ends the testee after the
// script.
func startTestee(ts *testscript.TestScript, neg bool, args []string) {
	program, err := exec.LookPath("wsperf")
	ts.Check(err)
	cmd := exec.Command(program, append([]string{"testee", "--exit-on-eof"}, args...)...)
	hold, err := cmd.StdinPipe()
	ts.Check(err)
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		ts.Check(hold.Close())
		ts.Check(cmd.Wait())
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	ts.Check(err)
	ts.Setenv("ADDRESS", strings.TrimSpace(strings.TrimPrefix(line, builtin.Listening)))
}

// says503 starts a server whose response has control characters and markup in its body,
// sets ADDRESS, and ends the server after the script.
func startUnavailable(ts *testscript.TestScript, neg bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { ts.Check(l.Close()) })
	ts.Setenv("ADDRESS", l.Addr().String())
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go unavailable(c)
		}
	}()
}

// unavailable answers one request. It ignores errors: they would show in the client's
// counts.
func unavailable(c net.Conn) {
	defer c.Close()
	if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
		_, _ = io.WriteString(c, "HTTP/1.1 503 Service Unavailable\r\n\r\n\x1b]0;<b>busy\x07\x9b\r\n")
	}
}

// readObject reads a JSON object from a file of the script.
func readObject(ts *testscript.TestScript, file string) map[string]json.RawMessage {
	var object map[string]json.RawMessage
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(file)), &object))
	return object
}

// part FROM TO KEY=JSON... writes the result file FROM as one line to TO, with the keys of its part set. A key
// with dots, such as config.close_code, is one of the result.
func writePart(ts *testscript.TestScript, neg bool, args []string) {
	var result map[string]any
	from := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	from.UseNumber()
	ts.Check(from.Decode(&result))
	part := map[string]any{"late_us": 100, "begun": true, "clock": map[string]any{"synchronized": true, "max_error_us": 900}}
	result["parts"] = []any{part}
	for _, set := range args[2:] {
		name, value, _ := strings.Cut(set, "=")
		object := part
		if group, key, nested := strings.Cut(name, "."); nested {
			object, name = result[group].(map[string]any), key
		}
		object[name] = json.RawMessage(value)
	}
	schema := result["schema"]
	delete(result, "schema")
	rest, err := json.Marshal(result)
	ts.Check(err)
	line := fmt.Sprintf("{\"schema\":%q,%s\n", schema, rest[1:]) // the first key, as wsperf writes it
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(line), 0o600))
}

// keys FILE KEY... expects these top-level keys in a JSON file; "! keys" expects none
// of them.
func keys(ts *testscript.TestScript, neg bool, args []string) {
	object := readObject(ts, args[0])
	for _, key := range args[1:] {
		if _, found := object[key]; found == neg {
			ts.Fatalf("%s: key %q found: %v", args[0], key, found)
		}
	}
}

// count FILE N expects N records in connection_stats, each with exactly the ancestor's
// keys.
func count(ts *testscript.TestScript, neg bool, args []string) {
	var connections []map[string]any
	ts.Check(json.Unmarshal(readObject(ts, args[0])["connection_stats"], &connections))
	if got := strconv.Itoa(len(connections)); neg || got != args[1] {
		ts.Fatalf("%s connections, want %s", got, args[1])
	}
	want := []string{"close", "failed", "open", "tcp_post_init", "tcp_pre_init"}
	for _, c := range connections {
		var got []string
		for key := range c {
			got = append(got, key)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			ts.Fatalf("keys %v, want %v", got, want)
		}
	}
}
