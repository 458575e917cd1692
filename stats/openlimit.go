package stats

// OpenLimit is what sets the limit of simultaneous connections, Setup.MaxOpen. The values
// are in result files and stay as they are.
type OpenLimit string

// The limits of simultaneous connections.
const (
	LimitDescriptors  OpenLimit = "descriptors"   // the process's descriptor limit
	LimitPorts        OpenLimit = "ports"         // local ports of all sources
	LimitMemory       OpenLimit = "memory"        // available memory of the machine
	LimitCgroup       OpenLimit = "cgroup_memory" // memory limit of a cgroup
	LimitAddressSpace OpenLimit = "address_space" // limit of the process's address space
)
