package job

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"wsperf/stats"
)

// logging returns a job with a key log.
func logging(t *testing.T, path string) *Job {
	t.Helper()
	o := full()
	o.URL, o.SecureTimeoutUs, o.TLS = "wss://127.0.0.1/", 1, stats.TLSSetup{KeyLog: path}
	return mustMake(t, o)
}

func mustRead(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestKeyLogIsAppended: two processes write in turn to a file that has lines already, each with several loops.
func TestKeyLogIsAppended(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	jobs := []*Job{logging(t, path), logging(t, path)}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the check has left a file: %v", err)
	}
	if err := os.WriteFile(path, []byte("first\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	const loops, lines = 3, 500
	line := strings.Repeat("x", 150) + "\n"
	var ends []func() error
	for _, j := range jobs {
		done, err := j.OpenKeyLog()
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, done)
	}
	var writers sync.WaitGroup
	for range loops {
		writers.Go(func() {
			for i := range len(jobs) * lines {
				if n, err := fmt.Fprint(jobs[i%len(jobs)].tls.KeyLog, line); n != len(line) || err != nil {
					t.Errorf("%d, %v", n, err)
				}
			}
		})
	}
	writers.Wait()
	for _, done := range ends {
		if err := done(); err != nil {
			t.Error(err)
		}
	}
	if got, want := mustRead(t, path), "first\n"+strings.Repeat(line, len(jobs)*loops*lines); got != want {
		t.Errorf("%d bytes with %d whole lines, want %d", len(got), strings.Count(got, "\n"+line[:len(line)-1]+"\n"), len(want))
	}
}

func TestKeyLogIsSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	done, err := logging(t, path).OpenKeyLog()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := done(); err != nil {
		t.Error(err)
	}
}

// TestKeyLogOfTheEnvironment: the option comes first, and ws:// has none.
func TestKeyLogOfTheEnvironment(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SSLKEYLOGFILE", filepath.Join(dir, "environment"))
	for path, want := range map[string]string{"": filepath.Join(dir, "environment"), filepath.Join(dir, "option"): filepath.Join(dir, "option")} {
		r := &stats.Result{}
		j := logging(t, path)
		if j.Describe(r); r.Setup.TLS.KeyLog != want || len(j.Warnings()) != 1 || !strings.Contains(j.Warnings()[0].Text, want+":") {
			t.Errorf("%q: %q, %v", path, r.Setup.TLS.KeyLog, j.Warnings())
		}
	}
	j := mustMake(t, full())
	done, err := j.OpenKeyLog()
	if err != nil || done() != nil || j.tls != nil {
		t.Errorf("ws://: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("%v, %v", entries, err)
	}
}

// TestKeyLogOnAFullDisk: no handshake fails, and the end of the run says so.
func TestKeyLogOnAFullDisk(t *testing.T) {
	j := logging(t, "/dev/full")
	done, err := j.OpenKeyLog()
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := fmt.Fprintln(j.tls.KeyLog, strings.Repeat("x", 150)); err != nil {
			t.Fatal(err)
		}
	}
	const want = "the key log lacks some secrets: --tls-keylog /dev/full: no space left on device: must be a file that can be written"
	if err := done(); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
