package host

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// MaxProcesses is how many processes are watched.
const MaxProcesses = 256

// Limits of what is watched. Each thread takes a descriptor and 2 us of each sample.
const (
	maxThreads   = 256
	spareThreads = 64 // that can be started while they are watched
	perProcess   = 3  // descriptors besides those of threads
	passing      = 1  // descriptors that are open for a moment
)

// Processes watches other processes, found before.
type Processes struct {
	all     []*process
	cgroup  Cgroup // empty: none
	before  cpuTime
	now     cpuTime
	peak    int64 // of the cgroup's memory
	counted bool  // the cgroup counts CPU time
	spare   int   // descriptors for further threads and processes
	adopts  *adoption
	missed  int
	buffer  [8192]byte
	began   time.Time
	lasted  time.Duration
}

// ProcessUsage is what processes used between Begin and End, together. What is not known is 0.
type ProcessUsage struct {
	Processes, Ended    int  // those that had not ended before Begin, and of these those that ended before End
	Missed              int  // processes that were too many to be watched: all else lacks them
	Threads             int  // the most of each process at a look, together
	Unwatched           bool // there were too many threads: RunWaitNs, Busiest and InvoluntarySwitches are not known
	UserNs, SystemNs    int64
	RunWaitNs           int64   // time in which threads could run and had no CPU
	Busiest             float64 // CPU time of the thread that used most, by the time between Begin and End
	InvoluntarySwitches int64   // of threads that had not ended
	PeakBytes, RSSBytes int64   // pages that processes share count in each
	Descriptors         int     // the most of each process at a look, together
	CPUs                []int   // that they may use, ascending
	Quota               float64 // CPU time by time that their cgroups may use; 0: no limit
}

// WatchProcesses prepares to watch processes with at most that many descriptors. Those that
// cannot be watched are left out. The error is that of the first one if none is left: ENOENT if
// it has ended, EMFILE if the descriptors are too few.
func WatchProcesses(pids []int, descriptors int) (w *Processes, err error) {
	w = &Processes{missed: max(0, len(pids)-MaxProcesses)}
	pids = pids[:min(len(pids), MaxProcesses)]
	w.spare = min(descriptors-passing-perProcess*len(pids), maxThreads)
	if w.spare < len(pids) {
		return nil, unix.EMFILE
	}
	for _, pid := range pids {
		p, failed := openProcess(pid)
		if failed != nil {
			if err == nil {
				err = failed
			}
			continue
		}
		w.spare--
		w.all = append(w.all, p)
	}
	if len(w.all) == 0 {
		return nil, err
	}
	w.openThreads()
	return w, nil
}

// openThreads opens the threads that there are. If these are too many, none is watched.
func (w *Processes) openThreads() {
	limit := w.spare - min(spareThreads, w.spare/2)
	later := w.spare - limit
	for _, p := range w.all {
		p.look(&limit, w.buffer[:])
	}
	w.spare = min(limit, 0) + later
	if w.unwatched() {
		w.spare = 0
		for _, p := range w.all {
			p.forgetThreads()
		}
	}
}

func (w *Processes) unwatched() bool {
	return slices.ContainsFunc(w.all, func(p *process) bool { return p.failed != nil })
}

// WithCgroup takes CPU time and memory from a cgroup, as far as it counts them: that has those
// of processes too that were started later.
func (w *Processes) WithCgroup(c Cgroup) { w.cgroup = c }

// Descriptors returns how many descriptors the processes take, at most.
func (w *Processes) Descriptors() int {
	n := w.spare + passing
	for _, p := range w.all {
		n += perProcess + 1 + len(p.others)
	}
	return n
}

// Begin begins to count. It takes about 20 us for each thread.
func (w *Processes) Begin() {
	w.adopt()
	w.began = time.Now()
	for _, p := range w.all {
		p.begin(&w.spare, w.buffer[:])
	}
	if w.cgroup != "" {
		w.before, w.counted = w.cgroup.cpuTime()
	}
}

// Sample looks at all processes, so that little is lost of threads and processes that end. It
// takes about 2 us for each thread, and allocates nothing unless a thread or a process was started.
func (w *Processes) Sample() {
	w.adopt()
	for _, p := range w.all {
		p.look(&w.spare, w.buffer[:])
	}
}

// End takes the last values. It takes about 20 us for each thread.
func (w *Processes) End() {
	w.adopt()
	if w.cgroup != "" {
		if w.counted {
			w.now, w.counted = w.cgroup.cpuTime()
		}
		w.peak = w.cgroup.peakBytes()
	}
	for _, p := range w.all {
		p.end(&w.spare, w.buffer[:])
	}
	w.lasted = time.Since(w.began)
}

// Usage returns what was used between Begin and End.
func (w *Processes) Usage() ProcessUsage {
	u := ProcessUsage{Missed: w.missed, Unwatched: w.unwatched(), Quota: w.quota()}
	var cpus unix.CPUSet
	for _, p := range w.all {
		p.addTo(&u, w.lasted)
		for i := range cpus {
			cpus[i] |= p.cpus[i]
		}
	}
	u.CPUs = cpusOf(&cpus)
	if u.Unwatched {
		u.RunWaitNs, u.Busiest, u.InvoluntarySwitches = 0, 0, 0
	}
	if w.counted {
		u.UserNs, u.SystemNs = w.now.split(w.before)
	}
	if w.peak > 0 {
		u.PeakBytes = w.peak
	}
	return u
}

func (p *process) addTo(u *ProcessUsage, lasted time.Duration) {
	if p.early {
		return
	}
	u.Processes++
	if p.ended {
		u.Ended++
	}
	userNs, systemNs := p.now.split(p.before)
	u.UserNs, u.SystemNs = u.UserNs+userNs, u.SystemNs+systemNs
	u.Threads += p.threads
	u.Descriptors += p.openings
	u.PeakBytes, u.RSSBytes = u.PeakBytes+p.peakBytes, u.RSSBytes+p.rssBytes
	u.InvoluntarySwitches += p.involuntary
	u.RunWaitNs += p.past.waitNs
	busiestNs := p.past.busiestNs
	p.each(func(t *thread) {
		u.RunWaitNs += t.waitNs - t.waitNs0
		busiestNs = max(busiestNs, t.runNs-t.runNs0)
	})
	if lasted > 0 {
		u.Busiest = max(u.Busiest, float64(busiestNs)/float64(lasted))
	}
}

// quota adds the quotas of different cgroups. There is no limit if any process has none.
func (w *Processes) quota() (sum float64) {
	seen := make(map[string]bool)
	for _, p := range w.all {
		if p.quota.CPUs() == 0 {
			return 0
		}
		if !seen[p.quota.Folder] {
			sum += p.quota.CPUs()
		}
		seen[p.quota.Folder] = true
	}
	return sum
}

// Close gives the descriptors back.
func (w *Processes) Close() {
	if w == nil {
		return
	}
	for _, p := range w.all {
		p.close()
	}
	w.all = nil
}
