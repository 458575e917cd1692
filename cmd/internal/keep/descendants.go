package keep

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// descendants returns the children of a process, and theirs (proc_tid_children(5), Linux 3.5).
// The list can lack some if processes start or end meanwhile.
func descendants(pid int) (all []int) {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid)) // the pattern is well-formed
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, field := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				all = append(append(all, child), descendants(child)...)
			}
		}
	}
	return all
}
