package job

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// checkKeyLog checks that the file can be written, without a trace. Empty: there is to be none.
func checkKeyLog(path string) error {
	if path == "" {
		return nil
	}
	info, err := os.Stat(path)
	switch {
	case os.IsNotExist(err):
		err = unix.Access(filepath.Dir(path), unix.W_OK|unix.X_OK)
	case err == nil && info.IsDir():
		err = unix.EISDIR
	case err == nil:
		err = unix.Access(path, unix.W_OK)
	}
	if err != nil {
		return keyLogError(path, err)
	}
	return nil
}

func keyLogError(path string, err error) error {
	return fmt.Errorf("--%s %s: %w: must be a file that can be written", nameKeyLog, path, systemError(err))
}

// OpenKeyLog opens the file for the secrets of TLS sessions, if there is to be one. done closes it; its error says that
// secrets are missing in the file.
func (j *Job) OpenKeyLog() (done func() error, err error) {
	if j.tls == nil || j.TLS.KeyLog == "" {
		return func() error { return nil }, nil
	}
	path := j.TLS.KeyLog
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, keyLogError(path, err)
	}
	l := &keyLog{file: f, lines: make([]byte, 0, 2*keyLogBatch)}
	j.tls.KeyLog = l
	return func() error {
		if err := l.close(); err != nil {
			return fmt.Errorf("the key log lacks some secrets: %w", keyLogError(path, err))
		}
		return nil
	}, nil
}

// keyLogBatch is how many bytes of lines are written at once: those of some five handshakes of TLS 1.3.
const keyLogBatch = 4096

// keyLog writes whole lines only, so that several processes can append to one file (O_APPEND, open(2)).
type keyLog struct {
	mu    sync.Mutex // all loops write
	file  *os.File
	lines []byte // not written yet
	err   error  // the first one; nothing is written after it
}

// Write keeps a line. It never fails: crypto/tls would end the handshake, and charge the testee with it.
func (l *keyLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lines = append(l.lines, line...); len(l.lines) >= keyLogBatch {
		l.flush()
	}
	return len(line), nil
}

func (l *keyLog) flush() {
	if l.err == nil && len(l.lines) > 0 {
		_, l.err = l.file.Write(l.lines)
	}
	l.lines = l.lines[:0]
}

func (l *keyLog) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flush()
	return cmp.Or(l.err, l.file.Close())
}
