package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"wsperf/stats"
)

var update = flag.Bool("update", false, "rewrite README.md")

const intro = `# hostile: a testee that misbehaves

The path of a request selects what the testee does. A behaviour that begins before the request has a port of its own.

` + "`go test ./bench/hostile`" + ` runs wsperf's engine against every row below, with 200 connections and 20 in flight. Each connection
must get the row's cause, the counts must add up, the run must end, and it must leave no descriptor, no memory and no
TIME_WAIT on wsperf's side. The timeout that bounds a row is 300 ms (2 s for the wait for a FIN), the other timeouts are a minute.
` + "`TestMixed`" + ` gives each of 50000 connections a random row, with all timeouts at 300 ms. With ` + "`-short`" + ` it makes 5000
connections; ` + "`go test -race ./bench/hostile`" + ` makes all 50000 under the race detector.

By hand:

    go run ./bench/hostile --listen 127.0.0.1:9010
    bin/wsperf run ws://127.0.0.1:9010/rst-header --conns 200 --low 20 --high 20

The testee prints its ports, one per line. It exits at the end of its standard input, or on SIGTERM or SIGINT. The port named
` + "`random`" + ` picks a random row for each connection. The testee prints the seed, and ` + "`--seed`" + ` repeats its choices.

The first column is the path without its slash; rows marked (port) have a port of that name instead. The third column is the
cause that wsperf reports; "success" means that both handshakes were completed. The last column is the limit that ends
a connection. If it is the close timeout of a success, wsperf waits for the FIN until then. Sections are those of RFC 6455
unless another RFC is named.

This file is written by ` + "`go test ./bench/hostile -run README -update`" + `.

| behaviour | what the testee does | cause | bound |
|---|---|---|---|
`

const securedIntro = `
## TLS

The behaviours of wss:// have ports of their own. ` + "`--ca`" + ` writes the certificate of the authority that has issued the testee's:

    go run ./bench/hostile --listen 127.0.0.1:9010 --ca bin/ca.pem
    bin/wsperf run wss://127.0.0.1:PORT --cacert bin/ca.pem --conns 200 --low 20 --high 20

The port named ` + "`tls`" + ` has the paths above within TLS, and ` + "`tls-random`" + ` picks a random row of this table for each connection.
` + "`TestSecuredRows`, `TestRowsWithinTLS` and `TestMixedTLS`" + ` make the same demands as without TLS, but memory may grow by garbage. ` + "`TestStalledMemory`" + `
has 10000 handshakes in flight that the testee does not answer. The last column has options of wsperf beside ` + "`--cacert`" + `. Without any, TLS 1.2 and 1.3
are offered, and the certificate is verified. Sections are those of RFC 8446 unless another RFC is named.

| behaviour | what the testee does | cause | bound | options |
|---|---|---|---|---|
`

// TestREADME: README.md must list the rows that TestRows tests.
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
		t.Errorf("%s is out of date: run go test ./bench/hostile -run README -update", path)
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
	b.WriteString(securedIntro)
	for _, r := range securedTable() {
		fmt.Fprintf(&b, "| %s | %s | %s | %v | %s |\n", r.name, r.does, causeNames(r.causes), r.bound, r.tls.options())
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
