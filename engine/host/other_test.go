package host

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// otherRole is the environment variable that makes this test program another process, which
// has as many busy threads and as many idle ones as its value says: "BUSY,IDLE".
const otherRole = "WSPERF_TEST_OTHER"

// init keeps the main goroutine of another process on the main thread, whose children are watched.
func init() {
	if os.Getenv(otherRole) != "" {
		runtime.LockOSThread()
		unix.CloseOnExec(3) // a child has it only if it is to
	}
}

func TestMain(m *testing.M) {
	if text := os.Getenv(otherRole); text != "" {
		beOther(text)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// beOther starts a further idle thread for each line that it reads, a busy one if the line is busy,
// or a busy child if the line is fork or spawn; after fork the child has its first file too. It
// ends at the end of its input.
func beOther(text string) {
	first, second, _ := strings.Cut(text, ",")
	busy, _ := strconv.Atoi(first)
	idle, _ := strconv.Atoi(second)
	started := make(chan bool)
	thread := func(busy bool) {
		runtime.LockOSThread()
		started <- true
		for busy {
			_ = unix.Getpid()
		}
		select {}
	}
	for i := range busy + idle {
		go thread(i < busy)
		<-started
	}
	fmt.Println("ready")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		if in.Text() == "" || in.Text() == "busy" {
			go thread(in.Text() == "busy")
			<-started
		} else {
			startChild(in.Text() == "fork")
		}
		fmt.Println("ready")
	}
}

// startChild starts a child that dies with this process.
func startChild(inherits bool) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), otherRole+"=1,0")
	child.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	if _, err := child.StdinPipe(); err != nil {
		panic(err)
	}
	if inherits {
		child.ExtraFiles = []*os.File{os.NewFile(3, "inherited")}
	}
	out, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err == nil {
		_, err = bufio.NewReader(out).ReadString('\n')
	}
	if err != nil {
		panic(err)
	}
}

// other is another process.
type other struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startOther(t *testing.T, busy, idle int, files ...*os.File) *other {
	t.Helper()
	o := &other{Cmd: exec.Command(os.Args[0])}
	o.Env, o.ExtraFiles = append(os.Environ(), fmt.Sprintf("%s=%d,%d", otherRole, busy, idle)), files
	in, err := o.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := o.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Start(); err != nil {
		t.Fatal(err)
	}
	o.in, o.out = in, bufio.NewReader(out)
	t.Cleanup(o.end)
	o.ready(t)
	return o
}

func (o *other) ready(t *testing.T) {
	t.Helper()
	if _, err := o.out.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
}

// starts lets the process start something, as beOther says.
func (o *other) starts(t *testing.T, what string) {
	t.Helper()
	fmt.Fprintln(o.in, what)
	o.ready(t)
}

// end kills the process and waits for it, and can be called again.
func (o *other) end() {
	_ = o.Process.Kill() // it may have ended
	_ = o.Wait()
}

// uses waits until the process has used that much CPU time since Begin.
func (o *other) uses(t *testing.T, w *Processes, least time.Duration) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		w.Sample()
		if p := w.all[0]; p.now.total-p.before.total >= int64(least) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the process has not used %v of CPU time", least)
		}
		time.Sleep(time.Millisecond)
	}
}

// pin restricts all threads of the process to a CPU.
func (o *other) pin(t *testing.T, cpu int) {
	t.Helper()
	threads, err := os.ReadDir(procPath(o.Process.Pid, "task"))
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range threads {
		id, _ := strconv.Atoi(thread.Name())
		if err := unix.SchedSetaffinity(id, setOf([]int{cpu})); err != nil {
			t.Fatal(err)
		}
	}
}
