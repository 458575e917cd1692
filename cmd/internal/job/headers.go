package job

import (
	"errors"
	"strings"

	"wsperf/handshake"
)

// checkHeaderLine checks the form of a header. The handshake package checks the characters.
func checkHeaderLine(line string) error {
	if !strings.Contains(line, ":") {
		return errors.New("has no colon: must have the form 'Name: value'")
	}
	return nil
}

// parseHeaders reads lines of the form "Name: value".
func parseHeaders(lines []string) []handshake.Header {
	headers := make([]handshake.Header, 0, len(lines))
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		// Spaces and tabs around a value are not part of it (RFC 7230 section 3.2.4).
		headers = append(headers, handshake.Header{Name: name, Value: strings.Trim(value, " \t")})
	}
	return headers
}
