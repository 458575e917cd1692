package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/bench/program"
	"wsperf/bench/quiet"
	"wsperf/engine/child"
	"wsperf/stats"
	"wsperf/stats/file"
)

// testeeRole is the variable that makes this test program the testee.
const testeeRole = "WSPERF_TEST_PROOF_TESTEE"

func TestMain(m *testing.M) {
	if os.Getenv(testeeRole) != "" {
		main()
		return
	}
	programs.Main(m)
}

var programs program.Builder

func wsperf(t *testing.T) string {
	t.Helper()
	return programs.Wsperf(t)
}

// place is where client and testee run.
type place struct{ quiet.Place }

func newPlace(t *testing.T) place { t.Helper(); return place{quiet.Alone(t)} }

func newQuietPlace(t *testing.T) place { t.Helper(); return place{quiet.New(t)} }

// Bounds of the time that a program takes. No test depends on them otherwise.
const (
	startTimeout = 20 * time.Second
	runTimeout   = 20 * time.Second
	stopTimeout  = 5 * time.Second
)

// testee is a running testee.
type testee struct {
	*child.Child
	address string
	last    []byte
}

// startTestee starts a testee in a process of its own.
func (p place) startTestee(t *testing.T, args ...string) *testee {
	t.Helper()
	s := &testee{}
	var err error
	s.Child, err = p.Start(child.Command{
		Path: os.Args[0], Args: append([]string{"proof"}, args...), Env: append(os.Environ(), testeeRole+"=1"),
		Line: func(line []byte) { s.last = append(s.last[:0], line...) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.End(stopTimeout) })
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	line, err := s.FirstLine(ctx)
	if err != nil {
		t.Fatalf("testee: %v: %s", err, s.LastWords())
	}
	s.address = strings.TrimPrefix(line, "listening on ")
	return s
}

// ended is the record of a testee that has ended.
type ended struct {
	counts
	serve      *hdrhistogram.Histogram
	took, late [numSteps]*hdrhistogram.Histogram
}

// end ends the testee and returns its record.
func (s *testee) end(t *testing.T) (e ended) {
	t.Helper()
	if killed := s.End(stopTimeout); killed || s.Wait() != nil {
		t.Fatalf("testee: killed %v, %v: %s", killed, s.Wait(), s.LastWords())
	}
	var r report
	if err := json.Unmarshal(s.last, &r); err != nil {
		t.Fatalf("testee printed %q: %v", s.last, err)
	}
	e.counts, e.serve = r.counts, decode(t, r.Serve)
	for which := range step(numSteps) {
		e.took[which] = decode(t, r.Steps[which.String()].Took)
		e.late[which] = decode(t, r.Steps[which.String()].Late)
	}
	return e
}

func decode(t *testing.T, encoded string) *hdrhistogram.Histogram {
	t.Helper()
	h, err := hdrhistogram.Decode([]byte(encoded))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// outcome is the result of a run and its connections, in the order in which they ended.
type outcome struct {
	*stats.Result
	path        string
	connections []connection
}

// connection is a record of the result file, in microseconds.
type connection struct {
	PreInitUs  int64 `json:"tcp_pre_init"`
	PostInitUs int64 `json:"tcp_post_init"`
	OpenUs     int64 `json:"open"`
	CloseUs    int64 `json:"close"`
	Failed     bool  `json:"failed"`
}

// client is a running client.
type client struct {
	*child.Child
	path string
}

// startClient starts wsperf with one loop, which is not pinned: the testee needs a CPU too.
func (p place) startClient(t *testing.T, address string, args ...string) client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "result.json")
	all := append([]string{"wsperf", "run", "ws://" + address + "/", "--loops", "0", "--quiet", "--log", "--out", path}, args...)
	c, err := p.Start(child.Command{Path: wsperf(t), Args: all})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.End(stopTimeout) })
	return client{c, path}
}

// end waits for the end of the run and reads its result.
func (c client) end(t *testing.T) outcome {
	t.Helper()
	select {
	case <-c.Ended():
	case <-time.After(runTimeout):
		c.End(0)
	}
	if err := c.Wait(); err != nil {
		t.Fatalf("wsperf: %v: %s", err, c.LastWords())
	}
	text, err := os.ReadFile(c.path)
	if err != nil {
		t.Fatal(err)
	}
	result, err := file.Read(strings.NewReader(string(text)))
	var log struct {
		Connections []connection `json:"connection_stats"`
	}
	if err = errors.Join(err, json.Unmarshal(text, &log)); err != nil {
		t.Fatal(err)
	}
	return outcome{result, c.path, log.Connections}
}
