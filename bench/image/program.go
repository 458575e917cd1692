package main

import (
	"debug/buildinfo"
	"debug/elf"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// program is what an image says of its binary. All of it comes from the binary, so the
// same binary makes the same image.
type program struct {
	path         string
	architecture string // as GOARCH, which is what an image's configuration has
	version      string
	revision     string    // the commit, or empty
	committed    time.Time // the Unix epoch if the commit is not known
}

func inspect(path string) (p program, err error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return p, err
	}
	if info.Path != "wsperf/cmd/wsperf" {
		return p, fmt.Errorf("%s is %s, not wsperf", path, info.Path)
	}
	if err := requireStatic(path); err != nil {
		return p, err
	}
	p = program{path: path, committed: time.Unix(0, 0).UTC()}
	for _, s := range info.Settings {
		switch s.Key {
		case "GOARCH":
			p.architecture = s.Value
		case "vcs.revision":
			p.revision = s.Value
		case "vcs.time":
			if p.committed, err = time.Parse(time.RFC3339, s.Value); err != nil {
				return p, fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	p.version, err = versionOf(path)
	return p, err
}

// requireStatic refuses a binary with an interpreter (ELF, PT_INTERP): there is no
// dynamic linker in the image.
func requireStatic(path string) error {
	f, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return fmt.Errorf("%s is dynamically linked: build it with CGO_ENABLED=0", path)
		}
	}
	return nil
}

// versionOf asks the program, so it must run on this machine.
func versionOf(path string) (string, error) {
	out, err := exec.Command(path, "version").Output()
	if err != nil {
		return "", fmt.Errorf("%s version: %w (make the image on a machine that can run it)", path, err)
	}
	words := strings.Fields(string(out)) // wsperf VERSION (...)
	if len(words) < 2 || words[0] != "wsperf" {
		return "", fmt.Errorf("%s version printed %.80q, not wsperf and a version", path, out)
	}
	return words[1], nil
}
