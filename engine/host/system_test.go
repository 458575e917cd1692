package host

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// tree writes files below a new folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestReadSystem(t *testing.T) {
	const cpu = "sys/devices/system/cpu/"
	root := tree(t, map[string]string{
		"proc/cpuinfo": "processor\t: 0\nmodel name\t: Xeon\u00ae  E5 \x1b[2J\n\nprocessor\t: 1\nmodel name\t: other\n",
		"proc/cmdline": "root=/dev/sda token=secret mitigations=auto mitigations=off\n",
		"sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
		cpu + "cpufreq/policy0/scaling_governor":                          "powersave\n",
		cpu + "cpufreq/policy1/scaling_governor":                          "performance\n",
		cpu + "cpufreq/policy2/scaling_governor":                          "powersave\n",
		cpu + "vulnerabilities/spectre_v2":                                "Mitigation: Retpolines; STIBP: disabled\n",
		cpu + "vulnerabilities/mds":                                       "Not affected\n",
		"proc/sys/net/core/somaxconn":                                     "4096\n",
		"proc/sys/net/ipv4/ip_local_port_range":                           "32768\t60999\n",
		"proc/sys/net/ipv4/ip_local_reserved_ports":                       strings.Repeat("9,", 5000) + "\n",
		"proc/sys/kernel/sched_rr_timeslice_ms":                           "100\n",
		"proc/sys/kernel/sched_domain/cpu0":                               "1\n",
		"proc/sys/kernel/hostname":                                        "private\n",
	})
	want := System{
		CPUModel: "Xeon? E5 ?[2J", CPUs: 2, Governor: "performance,powersave", ClockSource: "tsc", MitigationsOption: "off",
		Mitigations: map[string]string{"spectre_v2": "Mitigation: Retpolines", "mds": "Not affected"},
		Sysctls: map[string]string{
			"net.core.somaxconn": "4096", "net.ipv4.ip_local_port_range": "32768 60999", "kernel.sched_rr_timeslice_ms": "100",
			"net.ipv4.ip_local_reserved_ports": strings.Repeat("9,", maxFactBytes/2),
		},
	}
	if got := readSystem(root); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestReadSystemWithoutFiles(t *testing.T) {
	want := System{Mitigations: map[string]string{}, Sysctls: map[string]string{}}
	if got := readSystem(t.TempDir()); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestCPUModelOfARM(t *testing.T) {
	model, n := cpusIn("processor\t: 0\nBogoMIPS\t: 50.00\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n\nprocessor\t: 1\n")
	if model != "implementer 0x41 part 0xd0c" || n != 2 {
		t.Errorf("%q, %d CPUs", model, n)
	}
}

func TestThisSystem(t *testing.T) {
	s := ReadSystem()
	if !strings.HasPrefix(s.Kernel, "Linux "+KernelRelease()+" ") || s.CPUs < 1 || s.Sysctls["net.ipv4.ip_local_port_range"] == "" {
		t.Errorf("%+v", s)
	}
}
