package engine

// Warning is about a limit of the machine or a setting that will slow or distort a run:
// one sentence for the user, with the remedy, and a kind for programs.
type Warning struct {
	Kind WarningKind `json:"kind"`
	Text string      `json:"text"`
}

// WarningKind is the subject of a warning. The values are stable: workers send them to
// the process that started them.
type WarningKind string

// The kinds of warnings that Prepare gives.
const (
	WarnLowWatermark WarningKind = "low_watermark"   // too low for the number of loops
	WarnDescriptors  WarningKind = "descriptors"     // fewer than the high watermark
	WarnMemory       WarningKind = "memory"          // too little for as many as the high watermark
	WarnPorts        WarningKind = "ports"           // fewer than connections at once
	WarnTimeWait     WarningKind = "time_wait"       // another client's TIME_WAIT holds local ports
	WarnBacklog      WarningKind = "backlog"         // accept queue shorter than the high watermark
	WarnCPUQuota     WarningKind = "cpu_quota"       // smaller than the CPUs of the loops
	WarnForbiddenCPU WarningKind = "cpu_not_allowed" // outside of the process's affinity mask
	WarnSharedCPU    WarningKind = "shared_cpu"      // more than one loop per CPU
)
