package drive

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/cmd/internal/ui"
)

// roles are the behaviours of a fake worker. The part of its result file's name before
// the first "_" selects one; other names get a real worker.
var roles = map[string]func(f *fake){
	"silent":  func(f *fake) { f.untilEOF() },
	"babbles": func(f *fake) { fmt.Println("hello\n{}\n{\"prepared\""); f.untilEOF() },
	"deaf":    func(*fake) { time.Sleep(time.Hour) },
	"exit0":   func(*fake) {},
	"exit1":   func(*fake) { fmt.Fprint(os.Stderr, "wsperf: no\n\npanic: x\n"); os.Exit(1) },
	"exit130": func(*fake) { os.Exit(ui.ExitInterrupted) },
	"sigint":  func(*fake) { _ = unix.Kill(unix.Getpid(), unix.SIGINT); time.Sleep(time.Hour) },
	"exit143": func(*fake) { os.Exit(128 + int(unix.SIGTERM)) },
	"garbled": func(*fake) { fmt.Print("hello\n{}\n{\"prepared\":7}\n[\n\x00\xff\n{\"prepared\""); os.Exit(2) },
	"waits":   func(f *fake) { f.notePID(); f.untilEOF() },
	"stuck":   (*fake).beStuck,
	// The first worker is a real one.
	"half": func(f *fake) {
		if strings.Contains(f.out, "_1") {
			f.beStuck()
		}
		f.notePID()
		f.work()
	},
	"floods":  func(*fake) { flood(os.Stdout, math.MaxInt) },
	"chokes":  func(*fake) { flood(os.Stdout, floodBytes); flood(os.Stderr, floodBytes); os.Exit(3) },
	"sighup":  func(*fake) { _ = unix.Kill(unix.Getpid(), unix.SIGHUP); time.Sleep(time.Hour) },
	"sigkill": func(*fake) { _ = unix.Kill(unix.Getpid(), unix.SIGKILL); time.Sleep(time.Hour) },
	"reports": func(f *fake) { f.say(answer{Result: &result{Exit: 1, Errors: []string{"no", "nor that"}}}); os.Exit(1) },
	// The second worker is slow to prepare.
	"together": func(f *fake) {
		if strings.Contains(f.out, "_1") {
			time.Sleep(200 * time.Millisecond)
		}
		f.note("prepared")
		f.say(answer{Prepared: &prepared{}})
		if line, err := f.in.ReadString('\n'); line == "{\"begin\":{}}\n" {
			f.note("begun")
		} else {
			f.note(fmt.Sprintf("%q, %v", line, err))
		}
	},
}

// fake is a worker that plays a role.
type fake struct {
	setup []byte
	in    *bufio.Reader
	out   string
}

// work does what a real worker does.
func (f *fake) work() {
	u := ui.New(io.MultiReader(bytes.NewReader(f.setup), f.in), os.Stdout, os.Stderr)
	os.Exit(u.Finish(Work(context.Background(), u)))
}

func (f *fake) untilEOF() { _, _ = io.Copy(io.Discard, f.in) } // a read error ends it too

func (f *fake) say(a answer) {
	data, err := line(a)
	if err != nil {
		panic(err)
	}
	_, _ = os.Stdout.Write(data) // the driver sees it, or the test fails
}

// note adds a line to a file that all workers share.
func (f *fake) note(text string) {
	file, err := os.OpenFile(filepath.Join(filepath.Dir(f.out), "notes"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(file, text)
	_ = file.Close() // nothing is buffered
}

// beStuck is ended by nothing but SIGKILL, like a worker that was stopped (SIGSTOP).
func (f *fake) beStuck() {
	signal.Ignore(unix.SIGINT, unix.SIGTERM)
	f.notePID()
	time.Sleep(time.Hour)
}

func (f *fake) notePID() { f.note(fmt.Sprint(os.Getpid())) }

// floodBytes is much more than the driver may keep of a worker's output.
const floodBytes = 100 << 20

// flood writes n bytes of garbage without a line end, or until nobody reads.
func flood(to *os.File, n int) {
	garbage := bytes.Repeat([]byte("\x00\xff{\x1b"), 1<<14)
	for ; n > 0; n -= len(garbage) {
		if _, err := to.Write(garbage); err != nil {
			return
		}
	}
}

// asDriver is the name under which this test program is a driver of two workers.
const asDriver = "driver"

// TestMain lets this test program be a driver, or a worker, which the driver calls "wsperf".
func TestMain(m *testing.M) {
	switch os.Args[0] {
	case asDriver:
		beDriver(os.Args[1])
	case "wsperf":
		beWorker()
	default:
		os.Exit(m.Run())
	}
}

func beDriver(pattern string) {
	u := ui.New(os.Stdin, os.Stdout, os.Stderr)
	d, err := New(twoWorkers(pattern))
	if err == nil {
		err = d.Do(context.Background(), u)
	}
	os.Exit(u.Finish(err))
}

func beWorker() {
	in := bufio.NewReader(os.Stdin)
	first, err := in.ReadBytes('\n')
	if err != nil {
		panic(err)
	}
	var o order
	if err := json.Unmarshal(first, &o); err != nil {
		panic(err)
	}
	name, _, _ := strings.Cut(filepath.Base(o.Setup.Options.Out), "_")
	role, found := roles[name]
	if !found {
		role = (*fake).work
	}
	role(&fake{first, in, o.Setup.Options.Out})
}
