package host

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// BootID returns a text that no other machine has, nor this one after its next start
// (random(4), boot_id); empty if it cannot be read.
func BootID() string {
	text, _ := os.ReadFile("/proc/sys/kernel/random/boot_id") // empty on failure
	return strings.TrimSpace(string(text))
}

// NetworkNamespace returns the number of the network namespace that the calling thread is in,
// which no other namespace of the machine has at the same time (namespaces(7)); 0 if it
// cannot be read.
func NetworkNamespace() uint64 {
	var s unix.Stat_t
	if unix.Stat("/proc/thread-self/ns/net", &s) != nil {
		return 0
	}
	return s.Ino
}
