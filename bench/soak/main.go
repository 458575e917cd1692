// Command soak runs wsperf at full rate against the built-in testee for a long
// time, and samples both processes through /proc. Memory, descriptors and threads
// must stay flat, no connection may fail, and the result must account for every
// connection. It prints a table over time, and PASS or FAIL. The exit code is 1 on
// FAIL.
//
//	go run ./bench/soak [-duration 10m] [-wsperf bin/wsperf]
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// minDuration gives each quarter five samples.
const minDuration = 20 * sampleEvery

// endTimeout bounds how much longer than its duration the client may run: to
// start, to end its last connections, and to write the result. That takes seconds,
// even if each of its timeouts expires.
const endTimeout = time.Minute

// soak holds the options.
type soak struct {
	duration time.Duration
	wsperf   string // path of the program
}

func main() {
	s, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = s.carryOut(os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func parse(args []string) (*soak, error) {
	s := &soak{}
	f := flag.NewFlagSet("soak", flag.ContinueOnError)
	f.DurationVar(&s.duration, "duration", 10*time.Minute, "duration of the run")
	f.StringVar(&s.wsperf, "wsperf", "bin/wsperf", "path of the program wsperf")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if s.duration < minDuration || f.NArg() > 0 {
		return nil, fmt.Errorf("-duration must be %v or more, and arguments other than options are not allowed", minDuration)
	}
	return s, nil
}

// carryOut runs both programs, prints the table and the conclusion, and returns
// all violations joined.
func (s *soak) carryOut(out io.Writer) error {
	folder, err := os.MkdirTemp("", "wsperf-soak-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "result.json")
	watched, exits, err := s.run(file)
	if err != nil {
		return err
	}
	writeTable(out, watched)
	counts, result := outcome(file)
	return s.conclude(out, counts, errors.Join(exits, result, flat(watched)))
}

// conclude prints the last line and returns the violations.
func (s *soak) conclude(out io.Writer, counts string, violations error) error {
	if violations == nil {
		fmt.Fprintf(out, "\nPASS: %s in %v; memory, descriptors and threads flat\n", counts, s.duration)
		return nil
	}
	fmt.Fprintf(out, "\nFAIL: %s in %v\n", counts, s.duration)
	return violations
}

// run starts both programs and watches them until the client exits. exits joins
// the errors of the two exits.
func (s *soak) run(file string) (watched []series, exits, err error) {
	loops := fmt.Sprint(max(1, runtime.NumCPU()/2)) // half of the CPUs for each program
	testee, url, err := startTestee(s.wsperf, loops)
	if err != nil {
		return nil, nil, err
	}
	client, err := start(s.wsperf, "run", url, "--loops", loops, "--duration", s.duration.String(), "--quiet", "--out", file)
	if err != nil {
		return nil, nil, errors.Join(err, testee.stop())
	}
	watched, err = watch(client, testee, s.abort())
	if err != nil {
		client.End(0)
	}
	return watched, errors.Join(client.failure(), testee.stop()), err
}

// abort returns a channel that gets one error when the run must be aborted: on a
// signal, or when the client runs longer than endTimeout allows.
func (s *soak) abort() <-chan error {
	reason := make(chan error, 1)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case sig := <-signals:
			reason <- fmt.Errorf("aborted by a signal: %v", sig)
		case <-time.After(s.duration + endTimeout):
			reason <- fmt.Errorf("wsperf run did not exit within %v after its duration", endTimeout)
		}
	}()
	return reason
}
