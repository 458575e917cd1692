package job

import (
	"slices"
	"strconv"
	"strings"

	"wsperf/engine"
	"wsperf/engine/host"
)

// noProcess stands for a list without a process.
const noProcess = "none"

// processes is a pflag.Value: a list of process numbers, or noProcess.
type processes struct{ to *engine.TesteeProcesses }

func (p processes) String() string { return "" }
func (p processes) Type() string   { return "string" }

func (p processes) Set(text string) error {
	if text == noProcess {
		p.to.PIDs, p.to.None = nil, true
		return nil
	}
	var pids []int
	for word := range strings.SplitSeq(text, ",") {
		pid, err := strconv.ParseUint(strings.TrimSpace(word), 10, 31)
		switch {
		case err != nil || pid == 0:
			return badValue("must be a list of process numbers such as 123,456, or %s", noProcess)
		case slices.Contains(pids, int(pid)):
			return badValue("process %d is named twice: must be named once", pid)
		case len(pids) == host.MaxProcesses:
			return badValue("must be at most %d processes: name their --cgroup", host.MaxProcesses)
		}
		pids = append(pids, int(pid))
	}
	p.to.PIDs, p.to.None = pids, false
	return nil
}
