package host

import (
	"os"
	"strconv"
	"strings"
)

// ticksPerSecond is the unit of /proc/stat, USER_HZ, which is 100 on every architecture that
// Go supports (include/asm-generic/param.h).
const ticksPerSecond = 100

// Processor is how a CPU has spent its time since the machine started, in microseconds. The
// kernel counts in steps of 10 ms.
type Processor struct {
	CPU       int
	UserUs    int64 // programs, those with a low priority and virtual machines included
	SystemUs  int64 // system calls
	IRQUs     int64 // interrupt handlers
	SoftirqUs int64 // softirqs, among them the arrival of packets, on loopback too
	StealUs   int64 // nothing, because the hypervisor ran another virtual machine
	IdleUs    int64 // nothing, or waiting for a disk
}

// Processors returns the CPUs that are online, ascending; nil if they cannot be read.
func Processors() []Processor {
	text, _ := os.ReadFile("/proc/stat") // empty on failure
	return parseProcessors(string(text))
}

// parseProcessors parses /proc/stat (proc_stat(5)). After "cpu3" come user, nice, system,
// idle, iowait, irq, softirq and steal, and two that user and nice contain.
func parseProcessors(text string) (all []Processor) {
	for line := range strings.Lines(text) {
		number, isCPU := strings.CutPrefix(line, "cpu")
		if !isCPU {
			return all // CPUs come first
		}
		words := strings.Fields(number)
		var us [9]int64
		if len(words) < len(us) || number[0] == ' ' {
			continue // the sum of all CPUs
		}
		for i := range us {
			us[i], _ = strconv.ParseInt(words[i], 10, 64) // 0 on failure
			us[i] *= 1e6 / ticksPerSecond
		}
		cpu, err := strconv.Atoi(words[0])
		if err != nil {
			continue
		}
		all = append(all, Processor{cpu, us[1] + us[2], us[3], us[6], us[7], us[8], us[4] + us[5]})
	}
	return all
}
