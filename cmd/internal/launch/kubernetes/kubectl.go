package kubernetes

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"wsperf/cmd/internal/launch"
)

// Kubectl is how kubectl is called.
type Kubectl struct {
	Program            string // a path, or a name that is looked up in PATH
	Context, Namespace string // empty: those of the user's configuration
}

// requestTimeout bounds a request. The API server answers within milliseconds; one that does not is asked again.
const requestTimeout = 15 * time.Second

// maxOutputBytes bounds what is kept of a call's output: a result with a million records.
const maxOutputBytes = 256 << 20

// call is one call of kubectl.
type call struct {
	args  []string
	input []byte
}

// do calls kubectl and returns its standard output. The error is one line, a launch.Refusal if the API server has answered.
func (k *Kubectl) do(ctx context.Context, c call) ([]byte, error) {
	cmd := exec.CommandContext(ctx, k.Program, append(k.options(), c.args...)...)
	var stdout, stderr bounded
	stdout.left, stderr.left = maxOutputBytes, maxErrorBytes
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(c.input), &stdout, &stderr
	// In a process group of its own a Ctrl-C at the terminal does not reach it (setpgid(2)).
	cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second // a credential plugin can keep the pipes open
	err := cmd.Run()
	switch {
	case err == nil && stdout.lost:
		return nil, fmt.Errorf("%s: more than %d MB of output", k.what(c), maxOutputBytes>>20)
	case err == nil:
		return stdout.kept.Bytes(), nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", k.what(c), context.Cause(ctx))
	case cmd.Process == nil:
		return nil, launch.Refusal{Err: fmt.Errorf("%w: install kubectl, or give --kubectl PROGRAM", err)}
	}
	return nil, k.failed(c, stderr.kept.String(), err)
}

func (k *Kubectl) options() []string {
	o := []string{fmt.Sprintf("--request-timeout=%v", requestTimeout)}
	if k.Context != "" {
		o = append(o, "--context="+k.Context)
	}
	if k.Namespace != "" {
		o = append(o, "--namespace="+k.Namespace)
	}
	return o
}

// what names a call for messages.
func (k *Kubectl) what(c call) string { return "kubectl " + c.args[0] }

// refusal matches the reasons of an answer that stays the same (metav1.StatusReason).
var refusal = regexp.MustCompile(`\((Forbidden|Unauthorized|NotFound|AlreadyExists|Invalid|BadRequest|MethodNotAllowed|NotAcceptable|Gone|RequestEntityTooLarge)\)`)

// notSent matches errors of kubectl itself, and of a server that was not reached.
var notSent = regexp.MustCompile(`kubectl [a-z]+: (error: |The connection to the server .* was refused|Unable to connect to the server: (dial|EOF|tls|x509))`)

// unsent reports whether the API server has not seen the request.
func unsent(err error) bool { return err != nil && notSent.MatchString(err.Error()) }

// failed makes an error of what kubectl printed, which can be anything.
func (k *Kubectl) failed(c call, stderr string, err error) error {
	failed := fmt.Errorf("%s: %s", k.what(c), cmp.Or(gist(stderr), err.Error()))
	if strings.Contains(stderr, "(Forbidden)") {
		failed = fmt.Errorf("%w: --print shows the Role that suffices", failed)
	}
	if refusal.MatchString(stderr) {
		return launch.Refusal{Err: failed}
	}
	return failed
}

// aside matches lines of kubectl that are not its error: logs of its libraries (klog), and warnings of the API server.
var aside = regexp.MustCompile(`^([EWIF][0-9]{4} |Warning: )`)

// gist is the first line that is an error. The others say the same of other objects.
func gist(stderr string) string {
	var lines []string
	for line := range strings.Lines(strings.ToValidUTF8(stderr, "?")) {
		if line = strings.TrimSpace(line); line != "" && !aside.MatchString(line) {
			lines = append(lines, line)
		}
	}
	switch len(lines) {
	case 0:
		return strings.TrimSpace(stderr)
	case 1:
		return lines[0]
	}
	return fmt.Sprintf("%s (and %d more lines)", lines[0], len(lines)-1)
}

// maxErrorBytes bounds what is shown of kubectl's errors.
const maxErrorBytes = 2000

// bounded keeps the beginning of what is written to it. It does not embed the buffer, whose ReadFrom has no bound.
type bounded struct {
	kept bytes.Buffer
	left int
	lost bool
}

func (b *bounded) Write(p []byte) (int, error) {
	n := min(len(p), b.left)
	b.left -= n
	b.lost = b.lost || n < len(p)
	_, _ = b.kept.Write(p[:n]) // it returns no error
	return len(p), nil
}
