// Package program builds wsperf for the tests of a package, once for all of them.
package program

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Builder builds wsperf when a test asks for it. The zero value is ready. The TestMain of the
// package calls Main.
type Builder struct {
	once   sync.Once
	folder string
	err    error
}

// Wsperf returns the path of the program. The test fails if it cannot be built.
func (b *Builder) Wsperf(t testing.TB) string {
	t.Helper()
	b.once.Do(b.build)
	if b.err != nil {
		t.Fatal(b.err)
	}
	return filepath.Join(b.folder, "wsperf")
}

func (b *Builder) build() {
	if b.folder, b.err = os.MkdirTemp("", "wsperf-test-"); b.err != nil {
		return
	}
	out, err := exec.Command("go", "build", "-pgo=off", "-o", b.folder, "wsperf/cmd/wsperf").CombinedOutput()
	if err != nil {
		b.err = fmt.Errorf("build wsperf: %w\n%s", err, out)
	}
}

// Main runs the tests of a package, and removes what was built for them. When TestMain returns,
// package testing exits with their status.
func (b *Builder) Main(m *testing.M) {
	defer b.remove()
	m.Run()
}

func (b *Builder) remove() {
	if b.folder != "" {
		_ = os.RemoveAll(b.folder) // of temporary files
	}
}
