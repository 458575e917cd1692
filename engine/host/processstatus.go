package host

import (
	"bytes"
	"strconv"
)

// processStatus is what the file status of a process or a thread says (proc_pid_status(5)).
// What it does not say is 0, such as the memory of a process that is a zombie.
type processStatus struct {
	threads             int
	peakBytes, rssBytes int64 // VmHWM, VmRSS
	involuntary         int64 // nonvoluntary_ctxt_switches, of the thread alone
}

// parseStatus parses lines of the form "Name:\tvalue". The name of the program stands in the
// first one; the kernel escapes newlines in it (task_state in fs/proc/array.c, Linux 6.18).
func parseStatus(text []byte) (s processStatus) {
	for line := range bytes.Lines(text) {
		key, value, _ := bytes.Cut(line, []byte(":"))
		n := firstNumber(value)
		switch string(key) {
		case "Threads":
			s.threads = int(n)
		case "VmHWM":
			s.peakBytes = n << 10
		case "VmRSS":
			s.rssBytes = n << 10
		case "nonvoluntary_ctxt_switches":
			s.involuntary = n
		}
	}
	return s
}

// firstNumber returns the number that the first word is, 0 if it is none or negative.
func firstNumber(text []byte) int64 {
	words := bytes.Fields(text)
	if len(words) == 0 {
		return 0
	}
	n, err := strconv.ParseInt(string(words[0]), 10, 64)
	if err != nil || n < 0 || n > 1<<48 {
		return 0
	}
	return n
}
