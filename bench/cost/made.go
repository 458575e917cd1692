package main

import (
	"regexp"
	"strconv"
	"strings"
)

// A client says on its standard output how many handshakes it made. Its exit code says only
// that it made some.

// printed reads the output of the floors and their like: the number alone.
func printed(output string) int {
	n, _ := strconv.Atoi(strings.TrimSpace(output)) // 0 if it is none
	return n
}

var successLine = regexp.MustCompile(`(?m)^ *Success: *([0-9]+)$`)

// reported reads the report of wsperf, or those of several processes.
func reported(output string) int {
	sum := 0
	for _, line := range successLine.FindAllStringSubmatch(output, -1) {
		n, _ := strconv.Atoi(line[1]) // 0 if it does not fit
		sum += n
	}
	return sum
}

// recorded reads a result file with a record per connection.
func recorded(output string) int { return strings.Count(output, `"failed":false`) }
