package testee

import (
	"crypto/tls"
	"iter"
)

// maxIdleHandshakers bounds the coroutines that are kept, with stacks of 8 KiB or
// more. Making one takes microseconds, a TLS handshake some hundred.
const maxIdleHandshakers = 256

// A handshaker is a coroutine that performs TLS handshakes, of one connection after
// the other. tls.Conn.Handshake cannot be resumed after an error, so where it lacks
// input, the coroutine waits within tlsConn.Read, and the loop goes on. A switch
// takes 0.1 us, because no other goroutine is scheduled.
type handshaker struct {
	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool

	conn      *tls.Conn // whose handshake it performs
	abandoned bool      // the connection has been closed
	done      bool
}

func newHandshaker() *handshaker {
	h := &handshaker{}
	h.next, h.stop = iter.Pull(h.run)
	return h
}

// run is the coroutine.
func (h *handshaker) run(yield func(struct{}) bool) {
	h.yield = yield
	for {
		_ = h.conn.Handshake() // conn keeps the error
		h.done = true
		if !yield(struct{}{}) {
			return
		}
	}
}

// resume runs the coroutine until the handshake is done or lacks input.
func (h *handshaker) resume() (done bool) {
	h.next()
	return h.done
}

// wait is called within the coroutine, and returns when it is resumed. It reports
// false if there will be no more input.
func (h *handshaker) wait() bool {
	h.yield(struct{}{}) // true: only idle coroutines are stopped
	return !h.abandoned
}

// handshakers are the idle coroutines of a loop. The one that was used last is used
// next: its stack is in the cache.
type handshakers []*handshaker

func (p *handshakers) take() *handshaker {
	last := len(*p) - 1
	if last < 0 {
		return newHandshaker()
	}
	h := (*p)[last]
	*p = (*p)[:last]
	return h
}

func (p *handshakers) put(h *handshaker) {
	h.conn, h.abandoned, h.done = nil, false, false
	if len(*p) == maxIdleHandshakers {
		h.stop()
		return
	}
	*p = append(*p, h)
}

// stop ends the coroutines, which otherwise would stay for ever.
func (p *handshakers) stop() {
	for _, h := range *p {
		h.stop()
	}
	*p = nil
}
