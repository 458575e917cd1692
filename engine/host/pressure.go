package host

import (
	"os"
	"path"
	"strconv"
	"strings"
)

// Pressure is how long tasks of the machine have waited for a resource since it started, in
// microseconds (Documentation/accounting/psi.rst, Linux 6.18). It is 0 if the kernel does
// not count it.
type Pressure struct {
	CPUUs    int64 // some task was ready to run and had no CPU
	MemoryUs int64 // some task waited for memory to be reclaimed
	IOUs     int64 // some task waited for a disk
}

// ReadPressure returns the current pressure.
func ReadPressure() Pressure { return readPressure("/") }

func readPressure(root string) Pressure {
	total := func(resource string) int64 {
		text, _ := os.ReadFile(path.Join(root, "proc/pressure", resource)) // empty on failure
		return parsePressure(string(text))
	}
	return Pressure{total("cpu"), total("memory"), total("io")}
}

// parsePressure returns the total of the line "some avg10=0.30 avg60=0.45 avg300=0.57
// total=136251461".
func parsePressure(text string) int64 {
	for line := range strings.Lines(text) {
		_, total, found := strings.Cut(strings.TrimSpace(line), " total=")
		if found && strings.HasPrefix(line, "some ") {
			us, _ := strconv.ParseInt(total, 10, 64) // 0 on failure
			return us
		}
	}
	return 0
}
