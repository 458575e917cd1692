package stats

import (
	"fmt"
	"strconv"
)

// Status codes with a counter of their own. RFC 9110 section 15: a status code
// is a three-digit integer, and values outside of 100..599 are invalid.
const (
	minStatus   = 100
	maxStatus   = 599
	otherStatus = 0 // stands for every invalid code
)

// otherKey is the key of otherStatus.
const otherKey = "other"

// StatusKey returns the key of a status code in the result file: the code in decimal,
// or "other" for 0.
func StatusKey(code int) string {
	if code == otherStatus {
		return otherKey
	}
	return strconv.Itoa(code)
}

// ParseStatusKey is the inverse of StatusKey. It refuses any text that StatusKey
// does not return.
func ParseStatusKey(key string) (int, error) {
	if key == otherKey {
		return otherStatus, nil
	}
	code, err := strconv.Atoi(key)
	if err != nil || code < minStatus || code > maxStatus || strconv.Itoa(code) != key {
		return 0, fmt.Errorf("%q: must be %d to %d or %q", key, minStatus, maxStatus, otherKey)
	}
	return code, nil
}
