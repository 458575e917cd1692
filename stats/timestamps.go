package stats

// Timestamps is for which responses the kernel is asked when they came to this machine.
type Timestamps string

const (
	TimestampsSampled Timestamps = "sampled" // one in some tens, so that the lag is known
	TimestampsKernel  Timestamps = "kernel"  // all: phases open and ready end when the response came, and lag is apart
	TimestampsNone    Timestamps = "none"
)
