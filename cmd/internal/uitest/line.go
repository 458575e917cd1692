// Package uitest has checks of what a user sees, for the tests of other packages.
package uitest

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"unicode"

	"wsperf/cmd/internal/ui"
)

// OneLine checks that the error is printed as one line without control characters.
func OneLine(t testing.TB, err error) {
	t.Helper()
	var stderr bytes.Buffer
	ui.New(nil, io.Discard, &stderr).Finish(err)
	line, ended := strings.CutSuffix(stderr.String(), "\n")
	if !ended || !strings.HasPrefix(line, "wsperf: ") || strings.ContainsFunc(line, unicode.IsControl) {
		t.Fatalf("error %q is printed as %q", err, stderr.String())
	}
}
