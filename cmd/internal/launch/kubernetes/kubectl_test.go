package kubernetes

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wsperf/cmd/internal/launch"
)

// script makes a kubectl of a shell script.
func script(t *testing.T, text string) *Kubectl {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubectl")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return &Kubectl{Program: path, Context: "c", Namespace: "n"}
}

func TestKubectl(t *testing.T) {
	for _, c := range []struct {
		name, script    string
		out, err        string
		refused, unsent bool
	}{
		{name: "its arguments and input", script: `echo "$@"; cat`, out: "--request-timeout=15s --context=c --namespace=n get pods\ninput"},
		{name: "no message", script: "exit 7", err: "kubectl get: exit status 7"},
		{name: "forbidden", script: `echo 'Error from server (Forbidden): no' >&2; exit 1`,
			err: "kubectl get: Error from server (Forbidden): no: --print shows the Role that suffices", refused: true},
		{name: "not found", script: `echo 'Error from server (NotFound): pods "p" not found' >&2; exit 1`,
			err: `kubectl get: Error from server (NotFound): pods "p" not found`, refused: true},
		{name: "busy", script: `echo 'Error from server (TooManyRequests): later' >&2; exit 1`, err: "kubectl get: Error from server (TooManyRequests): later"},
		{name: "noise", script: `printf 'E1127 19:00:00 x.go:1] a\nWarning: b\n\n\033c\377\nd\ne\n' >&2; exit 1`, err: "kubectl get: \x1bc? (and 2 more lines)"},
		{name: "noise only", script: `echo 'Warning: b' >&2; exit 1`, err: "kubectl get: Warning: b"},
		{name: "a long message", script: `head -c 100000 /dev/zero | tr '\0' x >&2; exit 1`, err: "kubectl get: " + strings.Repeat("x", maxErrorBytes)},
		{name: "not reached", script: `echo 'The connection to the server localhost:8080 was refused - did you specify the right host or port?' >&2; exit 1`,
			err: "kubectl get: The connection to the server localhost:8080 was refused - did you specify the right host or port?", unsent: true},
		{name: "no such context", script: `echo 'error: context "c" does not exist' >&2; exit 1`, err: `kubectl get: error: context "c" does not exist`, unsent: true},
		{name: "not answered", script: `echo 'Unable to connect to the server: net/http: request canceled (Client.Timeout exceeded while awaiting headers)' >&2; exit 1`,
			err: "kubectl get: Unable to connect to the server: net/http: request canceled (Client.Timeout exceeded while awaiting headers)"},
	} {
		out, err := script(t, c.script).do(t.Context(), call{[]string{"get", "pods"}, []byte("input")})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if string(out) != c.out || got != c.err || launch.Refused(err) != c.refused || unsent(err) != c.unsent {
			t.Errorf("%s: %q, %.200q, refused %v, unsent %v", c.name, out, got, launch.Refused(err), unsent(err))
		}
	}
}

func TestNoKubectl(t *testing.T) {
	for _, program := range []string{"nonesuch", "/nonesuch", "/"} {
		_, err := (&Kubectl{Program: program}).do(t.Context(), call{args: []string{"get"}})
		if err == nil || !launch.Refused(err) || !strings.HasSuffix(err.Error(), ": install kubectl, or give --kubectl PROGRAM") {
			t.Errorf("%s: %v", program, err)
		}
	}
}

// TestHangingKubectl: one that does not end is ended, also if a child of it keeps its output open.
func TestHangingKubectl(t *testing.T) {
	errOver := errors.New("over")
	ctx, cancel := context.WithCancelCause(t.Context())
	k := script(t, "sleep 60 & echo $$ >$0.pid; wait")
	go func() {
		for {
			if _, err := os.Stat(k.Program + ".pid"); err == nil {
				cancel(errOver)
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	if _, err := k.do(ctx, call{args: []string{"logs", "p"}}); !errors.Is(err, errOver) || err.Error() != "kubectl logs: over" {
		t.Error(err)
	}
}

// TestEndlessOutput: what a call prints is bounded, and so is memory.
func TestEndlessOutput(t *testing.T) {
	b := bounded{left: 10}
	for range 3 {
		if n, err := b.Write([]byte("12345678")); n != 8 || err != nil {
			t.Error(n, err)
		}
	}
	if b.kept.String() != "1234567812" || !b.lost {
		t.Errorf("%q, %v", b.kept.String(), b.lost)
	}
}
