// Command soak runs wsperf at full rate for a long time, against the built-in
// testee, and watches both processes from outside: memory, descriptors and threads
// must stay flat, no connection may fail, and the result must account for every
// connection. It prints a table over the time and a verdict; the exit code is 1
// when something does not hold.
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

// leastDuration leaves five samples to each quarter.
const leastDuration = 20 * sampleEvery

// endTimeout is how long the client may take to start, to end what it has begun
// when its duration is over, and to write the result: seconds, even with all its
// timeouts used up.
const endTimeout = time.Minute

// soak is what is run, and for how long.
type soak struct {
	duration time.Duration
	wsperf   string
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
	f.DurationVar(&s.duration, "duration", 10*time.Minute, "length of the run")
	f.StringVar(&s.wsperf, "wsperf", "bin/wsperf", "the program")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if s.duration < leastDuration || f.NArg() > 0 {
		return nil, fmt.Errorf("-duration must be %v or more, and nothing else is taken", leastDuration)
	}
	return s, nil
}

// carryOut runs, prints the table, and returns what does not hold.
func (s *soak) carryOut(out io.Writer) error {
	folder, err := os.MkdirTemp("", "wsperf-soak-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "result.json")
	watched, ended, err := s.run(file)
	if err != nil {
		return err
	}
	writeTable(out, watched)
	verdict, result := outcome(file)
	return s.conclude(out, verdict, errors.Join(ended, result, flat(watched)))
}

// conclude prints the verdict line.
func (s *soak) conclude(out io.Writer, counts string, faults error) error {
	if faults == nil {
		fmt.Fprintf(out, "\nholds: %s in %v; memory, descriptors and threads flat\n", counts, s.duration)
		return nil
	}
	fmt.Fprintf(out, "\ndoes not hold: %s in %v\n", counts, s.duration)
	return faults
}

// run starts both programs and watches them until the client ends. ended is how
// they ended.
func (s *soak) run(file string) (watched []series, ended, err error) {
	loops := fmt.Sprint(max(1, runtime.NumCPU()/2)) // the CPUs are shared out between the two
	testee, url, err := startTestee(s.wsperf, loops)
	if err != nil {
		return nil, nil, err
	}
	client, err := start(s.wsperf, "run", url, "--loops", loops, "--duration", s.duration.String(), "--quiet", "--out", file)
	if err != nil {
		return nil, nil, errors.Join(err, testee.stop())
	}
	watched, err = watch(client, testee, s.enough())
	if err != nil {
		client.End(0)
	}
	return watched, errors.Join(client.failure(), testee.stop()), err
}

// enough gets one reason to end the run early: a signal, or a client that does
// not come to its end.
func (s *soak) enough() <-chan error {
	reason := make(chan error, 1)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case sig := <-signals:
			reason <- fmt.Errorf("ended by a signal: %v", sig)
		case <-time.After(s.duration + endTimeout):
			reason <- fmt.Errorf("wsperf run did not end within %v of its duration", endTimeout)
		}
	}()
	return reason
}
