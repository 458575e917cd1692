package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"wsperf/bench/link/emulator"
	"wsperf/stats"
)

var update = flag.Bool("update", false, "measure the table of bench/README.md anew")

const (
	readme     = "../README.md"
	tableHead  = "| phase | delay put in, ms | delay found, ms |\n|---|---|---|\n"
	tableRTT   = 40 * time.Millisecond
	tableConns = 50
)

// TestTable checks the table of the README: a row for each phase, with what link and
// testee put in, and found within 2 % of it. With -update it measures the table anew.
func TestTable(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), tableHead)
	if !found {
		t.Fatalf("%s has no table %q", readme, tableHead)
	}
	table, after, _ := strings.Cut(rest, "\n\n")
	if *update {
		table = measureTable(t)
		if err := os.WriteFile(readme, []byte(before+tableHead+table+"\n\n"+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	checkTable(t, table)
}

func measureTable(t *testing.T) string {
	t.Helper()
	link := network(t, emulator.Config{Delay: tableRTT / 2})
	var waited pauses
	o := run(t, link, slow(t, link, &waited), "--conns", strconv.Itoa(tableConns), "--low", "1", "--high", "1")
	o.checkAllSucceeded(t, tableConns)
	var rows []string
	for p, d := range putIn(tableRTT) {
		rows = append(rows, fmt.Sprintf("| %v | %d | %.1f |", stats.Phase(p), d.Milliseconds(), float64(median(o, stats.Phase(p)).Microseconds())/1000))
	}
	return strings.Join(rows, "\n")
}

func checkTable(t *testing.T, table string) {
	t.Helper()
	rows := strings.Split(table, "\n")
	for p, d := range putIn(tableRTT) {
		if p >= len(rows) {
			t.Fatalf("the table has %d rows, want one for each phase", len(rows))
		}
		var in, found float64
		if n, err := fmt.Sscanf(rows[p], "| "+stats.Phase(p).String()+" | %g | %g |", &in, &found); n != 2 {
			t.Errorf("row %q: %v", rows[p], err)
		}
		if in != float64(d.Milliseconds()) || math.Abs(found-in) > in/50 {
			t.Errorf("row %q: want %d ms put in, and found within 2 %% (go test ./bench/link -run Table -update)", rows[p], d.Milliseconds())
		}
	}
}
