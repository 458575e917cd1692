package host

import (
	"path"
	"strconv"

	"golang.org/x/sys/unix"
)

// process is another process, and what it has used since begin. The open files are of that
// process alone: once it has ended they fail with ESRCH, even if another one has its number.
type process struct {
	pid      int
	tasks    int // descriptor of /proc/PID/task
	files    int // descriptor of /proc/PID/fd; -1: it may not be read
	children int // descriptor of the list of the main thread's children; -1: the kernel has none
	main     thread
	others   []thread // that are watched
	past     pastThreads

	before, now       cpuTime
	early, ended      bool // has ended: before begin, at all
	threads, openings int  // the most at a look
	peakBytes         int64
	rssBytes          int64 // at the end, or when it was last looked at before that
	involuntary       int64
	cpus              unix.CPUSet // that a thread of it was allowed to use
	quota             Bandwidth
	failed            error // why threads are not watched
}

// thread is what a thread has used since begin.
type thread struct {
	id              int
	stat            *SchedStat
	runNs, waitNs   int64 // now
	runNs0, waitNs0 int64 // at begin; 0 if it was started later
	involuntary0    int64
}

// pastThreads are what threads had used that have ended.
type pastThreads struct{ waitNs, busiestNs int64 }

// openProcess fails if there is no such process, or if nothing of it may be read.
func openProcess(pid int) (*process, error) {
	tasks, err := unix.Open(procPath(pid, "task"), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	p := &process{pid: pid, tasks: tasks, files: -1, children: -1, quota: CPUQuota(pid)}
	if p.main, err = p.open(pid); err != nil {
		unix.Close(tasks)
		return nil, err
	}
	if fd, err := unix.Open(procPath(pid, "fd"), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err == nil {
		p.files = fd // otherwise it is another user's
	}
	if fd, err := unix.Openat(tasks, path.Join(strconv.Itoa(pid), "children"), unix.O_RDONLY|unix.O_CLOEXEC, 0); err == nil {
		p.children = fd // otherwise the kernel lacks CONFIG_PROC_CHILDREN
	}
	return p, nil
}

func (p *process) open(id int) (t thread, err error) {
	t.id = id
	t.stat, err = openSchedStat(p.tasks, path.Join(strconv.Itoa(id), "schedstat"))
	return t, err
}

// begin takes the values from which all others are counted.
func (p *process) begin(spare *int, buffer []byte) {
	p.threads, p.openings = 0, 0
	p.look(spare, buffer)
	p.early, p.before, p.past = p.ended, p.now, pastThreads{}
	p.each(func(t *thread) {
		t.runNs0, t.waitNs0 = t.runNs, t.waitNs
		t.involuntary0 = p.statusOf(t.id).involuntary
	})
	p.readStatus()
}

// end takes the last values.
func (p *process) end(spare *int, buffer []byte) {
	p.look(spare, buffer)
	p.each(func(t *thread) {
		p.involuntary += max(0, p.statusOf(t.id).involuntary-t.involuntary0)
	})
	p.readStatus()
}

// look reads what changes all the time. It allocates nothing unless a thread was started.
func (p *process) look(spare *int, buffer []byte) {
	if p.ended {
		return
	}
	if p.ended = !p.main.read(); p.ended {
		return
	}
	now, err := readCPUTime(p.pid)
	if p.ended = err != nil; p.ended { // just now
		return
	}
	p.now = now
	p.keepRunning(spare)
	if p.failed == nil {
		p.failed = p.findThreads(spare, buffer)
	}
	p.threads = max(p.threads, 1+len(p.others))
	p.openings = max(p.openings, p.countFiles())
}

// read reports whether the thread has not ended.
func (t *thread) read() bool {
	runNs, waitNs, err := t.stat.read()
	if err == nil {
		t.runNs, t.waitNs = runNs, waitNs
	}
	return err == nil
}

// keepRunning reads the other threads. Of those that have ended it keeps what they had used.
func (p *process) keepRunning(spare *int) {
	running := p.others[:0]
	for i := range p.others {
		t := &p.others[i]
		if t.read() {
			running = append(running, *t)
			continue
		}
		t.stat.Close()
		*spare++
		p.past.waitNs += t.waitNs - t.waitNs0
		p.past.busiestNs = max(p.past.busiestNs, t.runNs-t.runNs0)
	}
	p.others = running
}

// findThreads opens the threads that were started since the last call, as long as there are
// spare descriptors.
func (p *process) findThreads(spare *int, buffer []byte) error {
	if _, err := unix.Seek(p.tasks, 0, 0); err != nil {
		return err
	}
	at := 0 // where the next one is among the known ones, which are in the same order
	for {
		n, err := unix.ReadDirent(p.tasks, buffer)
		if err != nil || n <= 0 {
			return nil // has ended: the next look finds out
		}
		for rest := buffer[:n]; len(rest) > 0; {
			var id int
			id, rest = nextNumber(rest)
			if id <= 0 || id == p.pid || p.knows(id, &at) {
				continue
			}
			if *spare <= 0 {
				return unix.EMFILE
			}
			if t, err := p.open(id); err == nil && t.read() {
				*spare--
				p.others = append(p.others, t)
			}
		}
	}
}

// knows searches from where the last one was found.
func (p *process) knows(id int, at *int) bool {
	for i := range p.others {
		j := (*at + i) % len(p.others)
		if p.others[j].id == id {
			*at = j + 1
			return true
		}
	}
	return false
}

// countFiles returns how many descriptors the process has, 0 if that is not known. From Linux
// 6.2 on it is the size of the folder (proc_fd_getattr in fs/proc/fd.c).
func (p *process) countFiles() int {
	var info unix.Stat_t
	if p.files < 0 || unix.Fstat(p.files, &info) != nil {
		return 0
	}
	return int(info.Size)
}

// readStatus reads what the whole process uses of memory, and the CPUs that its threads may use.
func (p *process) readStatus() {
	if s := p.statusOf(p.pid); s.threads > 0 {
		p.threads = max(p.threads, s.threads)
		p.peakBytes = max(p.peakBytes, s.peakBytes)
		p.rssBytes = s.rssBytes
	}
	p.each(func(t *thread) {
		var set unix.CPUSet
		if unix.SchedGetaffinity(t.id, &set) == nil {
			for i := range set {
				p.cpus[i] |= set[i]
			}
		}
	})
}

// statusOf reads the status of one thread, which is zero if it has ended.
func (p *process) statusOf(id int) processStatus {
	fd, err := unix.Openat(p.tasks, path.Join(strconv.Itoa(id), "status"), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return processStatus{}
	}
	defer unix.Close(fd)
	var text [4096]byte
	n, err := unix.Read(fd, text[:])
	if err != nil {
		return processStatus{}
	}
	return parseStatus(text[:n])
}

// each calls f with the main thread and the others that are watched.
func (p *process) each(f func(*thread)) {
	f(&p.main)
	for i := range p.others {
		f(&p.others[i])
	}
}

// forgetThreads leaves only the totals of the process to be watched.
func (p *process) forgetThreads() {
	p.failed = unix.EMFILE
	for i := range p.others {
		p.others[i].stat.Close()
	}
	p.others = nil
}

func (p *process) close() {
	p.each(func(t *thread) { t.stat.Close() })
	for _, fd := range []int{p.tasks, p.files, p.children} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// ProcessExists reports whether there is a process with that number. A thread is none.
func ProcessExists(pid int) bool {
	_, err := processClock(pid, clockSched)
	return err == nil
}
