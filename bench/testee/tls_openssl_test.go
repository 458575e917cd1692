package testee

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

// TestTLSWithOpenSSL has another implementation resume, and update its keys: a line
// that begins with K is s_client's command for that (RFC 8446 section 4.6.3).
func TestTLSWithOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	config, _ := secureConfig(t, true)
	addr := serve(t, config)
	dir := t.TempDir()
	ca, session := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "session.pem")
	if err := os.WriteFile(ca, EncodeCertificate(config.TLS.Certificates[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	for _, c := range []struct{ options, want string }{
		{"-sess_out " + session, "\nNew, TLSv1.3"},
		{"-sess_in " + session, "\nReused, TLSv1.3"},
		{"-groups P-384:P-256", "Server Temp Key: ECDH, prime256v1"},
		{"-tls1_2", "\nNew, TLSv1.2"},
	} {
		args := append([]string{"s_client", "-connect", addr, "-CAfile", ca, "-verify_return_error", "-verify_hostname", "localhost"}, strings.Fields(c.options)...)
		out := openSSL(t, exec.CommandContext(ctx, openssl, args...), c.options != "-tls1_2")
		if !strings.Contains(out, c.want) {
			t.Errorf("%s: no %q in\n%s", c.options, c.want, out)
		}
	}
}

// openSSL runs s_client from the opening to the closing handshake, and returns what
// it printed.
func openSSL(t *testing.T, cmd *exec.Cmd, updates bool) string {
	t.Helper()
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	cmd.Stderr = cmd.Stdout
	if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	until := func(want string) {
		t.Helper()
		for b := make([]byte, 4096); !strings.Contains(text.String(), want); {
			n, err := out.Read(b)
			text.Write(b[:n])
			if err != nil {
				t.Fatalf("no %q: %v\n%s", want, err, text.String())
			}
		}
	}
	until("Verify return code: 0 (ok)")
	if updates {
		io.WriteString(in, "K\n")
		until("KEYUPDATE")
	}
	io.WriteString(in, request)
	until(strings.ReplaceAll(response, "\r\n\r\n", "\r\n"))
	io.WriteString(in, client(ws.OpClose, body(1000, "")))
	until(closeFrame(1000))
	until("closed\n")
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, text.String())
	}
	return text.String()
}
