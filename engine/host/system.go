package host

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// System is the part of this machine that bears on what is measured. Texts are printable
// ASCII of at most 256 bytes; an empty one, or a name that is missing, cannot be read.
type System struct {
	Kernel            string            // name, release, version and machine (uname(2))
	CPUModel          string            // proc_cpuinfo(5); on ARM the numbers of implementer and part
	CPUs              int               // online on the machine; 0: cannot be read
	Governor          string            // of the CPU frequency, distinct ones with commas between them
	ClockSource       string            // Documentation/ABI/testing/sysfs-devices-system-clocksource
	Mitigations       map[string]string // by vulnerability, up to the first semicolon
	MitigationsOption string            // value of option mitigations on the kernel's command line
	Sysctls           map[string]string // by name; those of the network are of the process's namespace
}

// sysctls are the settings that bear on connections (Documentation/networking/ip-sysctl.rst,
// Documentation/admin-guide/sysctl/net.rst).
var sysctls = []string{
	"net.core.netdev_max_backlog", "net.core.somaxconn",
	"net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
	"net.ipv4.tcp_congestion_control", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_max_syn_backlog", "net.ipv4.tcp_max_tw_buckets",
	"net.ipv4.tcp_syncookies", "net.ipv4.tcp_timestamps", "net.ipv4.tcp_tw_reuse",
}

const (
	maxFactBytes = 256
	maxFacts     = 64 // of one kind
)

// ReadSystem reads the facts from /proc and /sys. It takes about a millisecond.
func ReadSystem() System {
	s := readSystem("/")
	s.Kernel = kernel()
	return s
}

// readSystem reads the file system below root.
func readSystem(root string) System {
	s := System{
		ClockSource:       readFact(root, "sys/devices/system/clocksource/clocksource0/current_clocksource"),
		Governor:          governors(root),
		Mitigations:       mitigations(root),
		MitigationsOption: mitigationsOption(readText(root, "proc/cmdline")),
		Sysctls:           make(map[string]string),
	}
	s.CPUModel, s.CPUs = cpusIn(readText(root, "proc/cpuinfo"))
	for _, name := range append(sysctls, schedulerSysctls(root)...) {
		if value := readFact(root, path.Join("proc/sys", strings.ReplaceAll(name, ".", "/"))); value != "" {
			s.Sysctls[name] = value
		}
	}
	return s
}

// schedulerSysctls finds the names of those that this kernel has; they change between versions.
func schedulerSysctls(root string) (names []string) {
	for _, file := range glob(root, "proc/sys/kernel/sched_*") {
		names = append(names, "kernel."+path.Base(file))
	}
	return names
}

// governors reads one file for each set of CPUs that share their frequency
// (Documentation/admin-guide/pm/cpufreq.rst). Virtual machines have none.
func governors(root string) string {
	var all []string
	files, _ := filepath.Glob(path.Join(root, "sys/devices/system/cpu/cpufreq/policy*/scaling_governor")) // the pattern is valid
	for _, file := range files {
		if g := readFact(file, ""); g != "" && !slices.Contains(all, g) {
			all = append(all, g)
		}
	}
	slices.Sort(all)
	return printable(strings.Join(all, ","))
}

// mitigations reads what the kernel says of each vulnerability
// (Documentation/ABI/testing/sysfs-devices-system-cpu). Details follow a semicolon.
func mitigations(root string) map[string]string {
	all := make(map[string]string)
	for _, file := range glob(root, "sys/devices/system/cpu/vulnerabilities/*") {
		short, _, _ := strings.Cut(readFact(file, ""), ";")
		if short != "" {
			all[path.Base(file)] = short
		}
	}
	return all
}

// glob returns the first files that match.
func glob(root, pattern string) []string {
	files, _ := filepath.Glob(path.Join(root, pattern)) // the patterns are valid
	return files[:min(len(files), maxFacts)]
}

// mitigationsOption finds the option in the kernel's command line. Nothing else of that is
// kept: it can hold secrets. The last one counts (kernel-parameters.txt).
func mitigationsOption(commandLine string) (value string) {
	for _, word := range strings.Fields(commandLine) {
		if v, found := strings.CutPrefix(word, "mitigations="); found {
			value = v
		}
	}
	return printable(value)
}

// cpusIn parses /proc/cpuinfo, a block of "key : value" lines for each CPU that is online.
func cpusIn(text string) (model string, n int) {
	first := make(map[string]string)
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, ":")
		key = strings.TrimSpace(key)
		if key == "processor" {
			n++
		}
		if _, found := first[key]; !found {
			first[key] = strings.TrimSpace(value)
		}
	}
	switch {
	case first["model name"] != "":
		model = first["model name"]
	case first["CPU implementer"] != "":
		model = "implementer " + first["CPU implementer"] + " part " + first["CPU part"]
	}
	return printable(model), n
}

func readText(root, name string) string {
	text, _ := os.ReadFile(path.Join(root, name)) // empty on failure
	return string(text)
}

// readFact reads a file that holds a short text.
func readFact(root, name string) string { return printable(readText(root, name)) }

// printable makes white space one space, and any character that is not printable ASCII a
// question mark.
func printable(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
	return text[:min(len(text), maxFactBytes)]
}
