package engine

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestUrgentDataOnKeptSockets: a byte of urgent data that nobody has read when its
// connection ends does not disturb the next one on the same socket.
func TestUrgentDataOnKeptSockets(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	over := make(chan struct{})
	defer close(over)
	cfg := patient(t, scripted(t, func(p *peer) {
		p.open("")
		p.closeFrame()
		p.say(closeEmpty)
		p.urgent(t)
		_ = p.CloseWrite()
		<-over
	}), 50)
	cfg.Low, cfg.High = 1, 1
	if got := keptRun(t, cfg); !got.timestamps || got.keep.uses == 0 {
		t.Errorf("timestamps %v, %d sockets kept; want both", got.timestamps, got.keep.uses)
	}
}

// urgent sends a byte of urgent data (send(2), MSG_OOB).
func (p *peer) urgent(t *testing.T) {
	raw, err := p.SyscallConn()
	if err != nil {
		t.Error(err)
		return
	}
	if outer := raw.Control(func(fd uintptr) { err = unix.Sendto(int(fd), []byte("!"), unix.MSG_OOB, nil) }); outer != nil || err != nil {
		t.Error(outer, err)
	}
}
