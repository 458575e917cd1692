package slurm

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"wsperf/cmd/internal/launch"
)

// Files in the folder of a step.
const (
	startFile = "start"    // gets the moment at which the parts begin
	epilog    = "epilog"   // Slurm runs it after each task
	srunLog   = "srun.log" // standard error of srun, which goes on if the launch is killed
)

// Files of each task. Slurm puts the task's number in place of %t, and wsperf run in place of {shard}.
func outputOf(task string) string { return "part-" + task + ".out" }
func errorsOf(task string) string { return "part-" + task + ".err" }
func readyOf(task string) string  { return "ready-" + task }
func endedOf(task string) string  { return "ended-" + task }

// folder is one that all nodes of a step share, as most often by NFS. A client of NFS believes for up
// to a minute what it knew of the names in a folder, but asks the server whenever it opens a
// file (nfs(5): acdirmax, close-to-open cache consistency). So the file with the moment is there from the beginning.
type folder struct {
	dir   string
	tasks int
	over  map[int]bool // tasks that have ended; true: at the end of their run
}

// newFolder chooses a name that no other launch has. The error is about parent.
func newFolder(parent string, tasks int) (*folder, error) {
	absolute, err := filepath.Abs(parent)
	if err != nil {
		return nil, err
	}
	if strings.ContainsAny(absolute, `%\{`) {
		return nil, fmt.Errorf("--dir %q: must be a path without %%, \\ and {, which srun and wsperf run replace", absolute)
	}
	name := "wsperf-" + strings.ToLower(rand.Text()[:8])
	return &folder{dir: filepath.Join(absolute, name), tasks: tasks, over: make(map[int]bool)}, nil
}

func (f *folder) name() string            { return filepath.Base(f.dir) }
func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

// create makes the folder, for the user only: as the results are.
func (f *folder) create() error {
	if err := os.Mkdir(f.dir, 0o700); err != nil {
		return fmt.Errorf("--dir %s: %w: must be a folder that all nodes share and in which you may write", filepath.Dir(f.dir), pathless(err))
	}
	// slurmstepd runs the epilog on the task's node, however the task has ended (srun(1), --task-epilog).
	// The shell opens a file, and starts no program beside other parts.
	text := fmt.Sprintf("#!/bin/sh\n: >\"${0%%/*}/%s\"\n", endedOf("$SLURM_PROCID"))
	return errors.Join(os.WriteFile(f.path(startFile), nil, 0o600), os.WriteFile(f.path(epilog), []byte(text), 0o700))
}

// pathless removes the call and the path, which package os adds.
func pathless(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// remove succeeds if there is no folder.
func (f *folder) remove() error { return os.RemoveAll(f.dir) }

// begin writes the moment in place. Parts take it when the line has ended.
func (f *folder) begin(at time.Time) error {
	file, err := os.OpenFile(f.path(startFile), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "%d.%09d\n", at.Unix(), at.Nanosecond())
	return errors.Join(err, file.Close())
}

// marks is which tasks have left a file, by what it says of them.
type marks struct{ started, ready, ended, over map[int]bool }

func (m *marks) state() launch.State {
	return launch.State{Ready: len(m.ready), Ended: len(m.ended), Over: len(m.over)}
}

// look reads the marks.
func (f *folder) look() (*marks, error) {
	if err := f.refresh(); err != nil {
		return nil, err
	}
	names, err := names(f.dir)
	if err != nil {
		return nil, err
	}
	m := &marks{make(map[int]bool), make(map[int]bool), make(map[int]bool), make(map[int]bool)}
	for _, name := range names {
		if task, ok := f.taskOf(name, errorsOf); ok {
			m.started[task] = true
		}
		if task, ok := f.taskOf(name, readyOf); ok {
			m.ready[task] = true
		}
		if task, ok := f.taskOf(name, endedOf); ok {
			m.ready[task], m.ended[task] = true, true
			if f.isOver(task) {
				m.over[task] = true
			}
		}
	}
	return m, nil
}

// names is unsorted. os.ReadDir would ask for the type of each file where the file system does not tell.
func names(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}

// refresh changes the folder. The server's answer shows that others have changed it too, and the
// client forgets what it knew (RFC 1813 section 2.6, wcc_data; RFC 8881 section 3.3.4, change_info4).
func (f *folder) refresh() error {
	probe := f.path("look")
	if err := os.WriteFile(probe, nil, 0o600); err != nil {
		return err
	}
	return os.Remove(probe)
}

// taskOf returns the task whose file has that name, with nameOf's form.
func (f *folder) taskOf(name string, nameOf func(task string) string) (task int, ok bool) {
	prefix, suffix, _ := strings.Cut(nameOf("/"), "/")
	number := strings.TrimSuffix(strings.TrimPrefix(name, prefix), suffix)
	task, err := strconv.Atoi(number)
	return task, err == nil && task >= 0 && task < f.tasks && name == nameOf(number)
}

// isOver reports whether a task that has ended came to the end of its run. It is asked for once.
func (f *folder) isOver(task int) bool {
	over, known := f.over[task]
	if !known {
		over = f.hasBegun(task)
		f.over[task] = over
	}
	return over
}

// hasBegun reports whether the task has a result of a part that was not too late.
func (f *folder) hasBegun(task int) bool {
	o, err := f.output(task)
	if err != nil {
		return false // Collect says why
	}
	var r struct{ Parts []struct{ Begun bool } }
	return json.Unmarshal(lastLine(o.Result), &r) == nil && len(r.Parts) > 0 && r.Parts[0].Begun
}

func lastLine(text []byte) []byte {
	text = bytes.TrimSpace(text)
	return text[bytes.LastIndexByte(text, '\n')+1:]
}

// Bounds of what is read of a file: its end.
const (
	maxResultBytes = 256 << 20 // a result with a million records
	maxErrorBytes  = 4 << 10
)

// output returns what a task has printed, nothing if it was not started.
func (f *folder) output(task int) (launch.Output, error) {
	number := strconv.Itoa(task)
	result, lost := readEnd(f.path(outputOf(number)), maxResultBytes)
	words, silent := readEnd(f.path(errorsOf(number)), maxErrorBytes)
	return launch.Output{Name: "part " + number, Result: result, Words: string(words)}, errors.Join(lost, silent)
}

// readEnd reads at most so many bytes. A file that does not exist has none.
func readEnd(path string, most int64) ([]byte, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(file, max(0, size-most), most))
}
