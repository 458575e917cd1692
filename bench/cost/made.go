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

// The report of wsperf says in these lines how many TLS handshakes were full ones and how many resumed a session, of
// successes, and how many were ended by the testee.
var (
	full    = counted(`secure`)
	resumed = counted(`secure_resumed`)
	ended   = counted(`secure_eof`)
)

// counted reads a line of the report of wsperf that begins with a word and a number.
func counted(word string) func(output string) int {
	line := regexp.MustCompile(`(?m)^ *` + word + ` +([0-9]+)(?: |$)`)
	return func(output string) int {
		if m := line.FindStringSubmatch(output); m != nil {
			return printed(m[1])
		}
		return 0
	}
}

// recorded reads a result file with a record per connection.
func recorded(output string) int { return strings.Count(output, `"failed":false`) }
