package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"wsperf/stats"
)

var update = flag.Bool("update", false, "write README.md anew")

const intro = `# hostile: a testee that misbehaves

The path of a request says what the testee does; what cannot wait for a path has a port of its own. ` + "`go test ./bench/hostile`" + `
runs wsperf's engine against every row below, with 200 connections and 20 in flight: each connection must get the row's cause,
the counts must agree, the run must end, and neither memory nor a descriptor nor a TIME_WAIT on wsperf's side may be left.
The timeout that bounds a row is 300 ms there (2 s for the wait for a FIN); the others are longer than the run may take.
` + "`TestMixed`" + ` gives each of 50000 connections a row at random, with all timeouts at 300 ms. ` + "`-short`" + ` makes it 5000, and
` + "`go test -race ./bench/hostile`" + ` runs all 50000 under the race detector.

By hand:

    go run ./bench/hostile --listen 127.0.0.1:9010
    bin/wsperf run ws://127.0.0.1:9010/rst-header --conns 200 --low 20 --high 20

The testee prints its ports, one a line, and ends with its standard input or with SIGTERM. The port named ` + "`random`" + ` picks a row
for each connection; the seed of its choice is printed, and ` + "`--seed`" + ` repeats it.

The first column is the path, without the slash; rows marked (port) have a port instead. "success" means that both handshakes were
complete; a close timeout that bounds a success is that of the wait for the FIN. Section numbers without a name are of RFC 6455.
This file is written by ` + "`go test ./bench/hostile -run README -update`" + `.

| behaviour | what the testee does | cause | bound |
|---|---|---|---|
`

// TestREADME: the table in the file is the table that is proved.
func TestREADME(t *testing.T) {
	const path = "README.md"
	want := readme()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not that of the table: run go test ./bench/hostile -run README -update", path)
	}
}

func readme() string {
	var b strings.Builder
	b.WriteString(intro)
	for _, r := range table() {
		name := r.name
		if r.place != onPath {
			name += " (port)"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %v |\n", name, r.does, causeNames(r.causes), r.bound)
	}
	return b.String()
}

func causeNames(causes []stats.Cause) string {
	var names []string
	for _, c := range causes {
		if c == stats.CauseNone {
			names = append(names, "success")
			continue
		}
		names = append(names, c.String())
	}
	return strings.Join(names, " or ")
}
