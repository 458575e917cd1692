package job

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"wsperf/engine"
)

func TestProcesses(t *testing.T) {
	for text, want := range map[string]engine.TesteeProcesses{
		"none": {None: true}, "7": {PIDs: []int{7}}, "123, 456": {PIDs: []int{123, 456}}, "2147483647": {PIDs: []int{1<<31 - 1}},
	} {
		got := engine.TesteeProcesses{PIDs: []int{1}}
		if err := (processes{&got}).Set(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v, want %+v", text, got, err, want)
		}
	}
	const form = "must be a list of process numbers such as 123,456, or none"
	for text, want := range map[string]string{
		"": form, "x": form, "0": form, "-1": form, "1,": form, "1,none": form, "2147483648": form, "1-3": form,
		"5,5": "process 5 is named twice: must be named once", numbers(257): "must be at most 256 processes: name their --cgroup",
	} {
		var got engine.TesteeProcesses
		if err := (processes{&got}).Set(text); !isBadValue(err) || err.Error() != want || got.PIDs != nil {
			t.Errorf("%q: %v, %+v, want %s", text, err, got, want)
		}
	}
}

// numbers returns a list of 1 to n.
func numbers(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprint(i+1))
	}
	return strings.Join(all, ",")
}

func TestCgroup(t *testing.T) {
	if o, err := commandLine(BindDrive, "--cgroup", "/c"); err != nil || o.Processes.Cgroup != "/c" {
		t.Errorf("%+v, %v", o.Processes, err)
	}
	if _, err := commandLine(BindSearch, "--cgroup", ""); err == nil || !strings.Contains(err.Error(), "the name is empty: must be the directory of a cgroup") {
		t.Errorf("%v", err)
	}
}

// TestWhatTheTesteeIs: wrong values are found before anything is started.
func TestWhatTheTesteeIs(t *testing.T) {
	for want, args := range map[string][]string{
		"":                              {"--pid", fmt.Sprint(os.Getppid())},
		"there is no process 999999999": {"--pid", "1,999999999"},
		"is not a directory: must be that of a cgroup":                       {"--cgroup", "/proc/self/stat"},
		"is not the directory of a cgroup: it has no file":                   {"--cgroup", os.TempDir()},
		"--pid and --cgroup cannot be given together: one of them says what": {"--pid", "none", "--cgroup", "/x"},
	} {
		o, err := commandLine(BindRun, args...)
		if err == nil {
			_, err = New(o)
		}
		if err == nil != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%q: %v, want %q", args, err, want)
		}
	}
}
