package builtin

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/bench/testee"
	"wsperf/cmd/internal/ui"
	"wsperf/engine/host"
)

// faultRole is the environment variable that names how the child process misbehaves.
const faultRole = "WSPERF_TEST_TESTEE_FAULT"

// TestMain lets this test program be the testee, which Start calls "wsperf".
func TestMain(m *testing.M) {
	if os.Args[0] != "wsperf" {
		os.Exit(m.Run())
	}
	u := ui.New(os.Stdin, os.Stdout, os.Stderr)
	switch os.Getenv(faultRole) {
	case "fails":
		os.Exit(u.Finish(errors.New("no luck")))
	case "says something else":
		_, _ = u.Out.WriteString("hello\n") // Finish reports the error
		os.Exit(u.Finish(nil))
	case "says half":
		_, _ = u.Out.WriteString(Listening + "127.0.0.1:1") // likewise
		os.Exit(u.Finish(nil))
	}
	ctx := UntilEOF(context.Background(), u.In)
	cfg := testee.Config{Listen: "127.0.0.1:0", Loops: 1}
	if slices.Contains(os.Args, "--tls") && os.Getenv(faultRole) != "plain" {
		certificate, err := testee.SelfSigned(cfg.Listen)
		if err == nil {
			err = os.WriteFile(os.Args[len(os.Args)-1], testee.EncodeCertificate(certificate), 0o600)
		}
		if err != nil {
			os.Exit(u.Finish(err))
		}
		cfg.TLS = testee.NewTLSConfig(certificate, true)
	}
	os.Exit(u.Finish(Serve(ctx, u, cfg)))
}

func allowed(t *testing.T) []int {
	t.Helper()
	cpus, err := host.AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	return cpus[:1]
}

func begin(t *testing.T) *Testee {
	t.Helper()
	b, err := Start(t.Context(), allowed(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.child.End(0) })
	return b
}

func TestRunsOnItsCPUsInAProcessGroupOfItsOwn(t *testing.T) {
	b, cpu := begin(t), allowed(t)[0]
	var mask unix.CPUSet
	if err := unix.SchedGetaffinity(b.child.PID(), &mask); err != nil || mask.Count() != 1 || !mask.IsSet(cpu) {
		t.Errorf("%d CPUs, the right one: %v, %v", mask.Count(), mask.IsSet(cpu), err)
	}
	if group, err := unix.Getpgid(b.child.PID()); err != nil || group != b.child.PID() {
		t.Errorf("process group %d, want %d: %v", group, b.child.PID(), err)
	}
	if err := b.Stop(); err != nil || b.child.Wait() != nil {
		t.Errorf("it ended with %v, %v", err, b.child.Wait())
	}
}

// TestStartTLS: a client verifies the testee with the certificate that it has written.
func TestStartTLS(t *testing.T) {
	path := filepath.Join(t.TempDir(), "testee.pem")
	b, err := StartTLS(t.Context(), allowed(t), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.child.End(0) })
	text, err := os.ReadFile(path)
	roots := x509.NewCertPool()
	if err != nil || !roots.AppendCertsFromPEM(text) {
		t.Fatalf("%v: %s", err, text)
	}
	c, err := tls.Dial("tcp", b.Addr.String(), &tls.Config{RootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Close(), b.Stop()); err != nil {
		t.Error(err)
	}
}

// TestStartTLSNeedsTLS: a testee without it is not taken for one.
func TestStartTLSNeedsTLS(t *testing.T) {
	t.Setenv(faultRole, "plain")
	if _, err := StartTLS(t.Context(), allowed(t), filepath.Join(t.TempDir(), "testee.pem")); err == nil || err.Error() != "the built-in testee failed: exit status 0" {
		t.Errorf("error %v", err)
	}
}

func TestStopReportsATesteeThatDied(t *testing.T) {
	b := begin(t)
	b.child.Signal(unix.SIGKILL)
	select {
	case <-b.Ended():
	case <-time.After(startTimeout):
		t.Fatal("Ended is not closed")
	}
	if err := b.Stop(); err == nil || err.Error() != "the built-in testee failed: signal: killed" {
		t.Errorf("Stop returned %v", err)
	}
}

func TestStartDoesNotWaitAfterAnInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Start(ctx, allowed(t)); !errors.Is(err, ui.ErrEarly) {
		t.Errorf("Start returned %v", err)
	}
}

func TestDoesNotStart(t *testing.T) {
	for role, want := range map[string]string{
		"fails":               "the built-in testee failed: no luck",
		"says something else": "the built-in testee failed: exit status 0",
		"says half":           "the built-in testee failed: exit status 0",
	} {
		t.Setenv(faultRole, role)
		if _, err := Start(t.Context(), allowed(t)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", role, err, want)
		}
	}
}
