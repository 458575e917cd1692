package host

import "golang.org/x/sys/unix"

// adoption decides which processes are watched that watched ones start, as a pre-forking server
// does to replace a worker, or under load.
type adoption struct {
	search  *linkSearch
	refused map[int]bool // that have none of the sockets, or were too many
}

// maxRefused bounds how many children are looked at. A server that starts so many without its
// socket starts them for something else.
const maxRefused = 4096

// AdoptChildren watches children of the main threads too that have one of the sockets open. They
// are found in each sample.
func (w *Processes) AdoptChildren(inodes []uint32) {
	w.adopts = &adoption{newLinkSearch(inodes), make(map[int]bool)}
}

// adopt looks for new children. It takes about 1 us for each process, and allocates nothing
// unless there is one.
func (w *Processes) adopt() {
	if w.adopts == nil {
		return
	}
	for _, p := range w.all { // children of new ones are found in the next sample
		if p.children < 0 || p.ended {
			continue
		}
		n, err := unix.Pread(p.children, w.buffer[:], 0)
		if err != nil {
			continue
		}
		pid := 0
		for _, c := range w.buffer[:n] { // numbers with a space behind each (proc_tid_children(5))
			if c >= '0' && c <= '9' {
				pid = 10*pid + int(c-'0')
				continue
			}
			w.adoptChild(pid)
			pid = 0
		}
	}
}

func (w *Processes) adoptChild(pid int) {
	refused := w.adopts.refused
	if pid == 0 || len(refused) >= maxRefused || refused[pid] || w.watches(pid) {
		return
	}
	if has, _ := w.adopts.search.in(pid); !has { // nor one that has ended
		refused[pid] = true
		return
	}
	if w.spare <= perProcess || len(w.all) >= MaxProcesses {
		refused[pid] = true
		w.missed++
		return
	}
	if p, err := openProcess(pid); err == nil {
		w.spare -= perProcess + 1
		w.all = append(w.all, p)
	}
}

func (w *Processes) watches(pid int) bool {
	for _, p := range w.all {
		if p.pid == pid && !p.ended {
			return true
		}
	}
	return false
}
