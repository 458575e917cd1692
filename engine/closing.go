package engine

import (
	"github.com/gobwas/ws"
	"golang.org/x/sys/unix"

	"wsperf/handshake"
	"wsperf/stats"
)

// maxOutbox is the most that we write after the opening handshake, in bytes: a pong
// and a close frame, each with a masked header of 6 bytes.
const maxOutbox = 6 + ws.MaxControlFramePayloadSize + 6 + 2

// beginClose sends the close frame. Frames that came with the response are parsed
// first: a ping among them is answered, and a close frame is replied to with its own
// code (RFC 6455 section 5.5.1).
func (l *loop) beginClose(s *slot, rest []byte) failure {
	s.frames.Reset()
	closed, err := l.answerFrames(s, rest)
	if err != nil {
		return failure{cause: frameCause(err), reply: rest}
	}
	l.outbox = handshake.AppendClose(l.outbox, l.closeCode(s, closed), l.random4())
	l.drop(s)
	if errno := l.writeFrames(s); errno != 0 {
		return l.lost(s, errno)
	}
	if closed {
		l.closeReceived(s)
	}
	return failure{}
}

// closeCode is the code that our close frame carries: the testee's own if it closes
// first and we may send it, otherwise the configured one.
func (l *loop) closeCode(s *slot, closedFirst bool) ws.StatusCode {
	if closedFirst && handshake.CheckCloseCode(s.frames.Code()) == nil {
		return s.frames.Code()
	}
	return l.cfg.CloseCode
}

// answerFrames parses the frames that came with the response, up to a close frame.
// Only the latest ping is answered, as RFC 6455 section 5.5.3 allows, so that the
// outbox is bounded.
func (l *loop) answerFrames(s *slot, b []byte) (closed bool, err error) {
	l.outbox = l.outbox[:0]
	for len(b) > 0 {
		n, event, err := s.frames.Feed(b)
		if err != nil {
			return false, err
		}
		b = b[n:]
		switch event {
		case handshake.FrameClose:
			return true, nil
		case handshake.FramePing:
			l.outbox = handshake.AppendPong(l.outbox[:0], s.frames.Payload(), l.random4())
		}
	}
	return false, nil
}

// writeFrames sends the outbox. What the socket does not take waits in the slot's
// buffer.
func (l *loop) writeFrames(s *slot) unix.Errno {
	n, errno := l.send(s, l.outbox)
	if errno != 0 || n == len(l.outbox) {
		return errno
	}
	s.sent = 0
	l.hold(s, l.outbox[n:])
	return l.awaitWritable(s)
}

// framesReceived parses what arrives after our close frame. We may send nothing more
// (RFC 6455 section 5.5.1), so pings are skipped like data.
func (l *loop) framesReceived(s *slot, b []byte) failure {
	for rest := b; len(rest) > 0; {
		n, event, err := s.frames.Feed(rest)
		if err != nil {
			return failure{cause: frameCause(err), reply: b}
		}
		if event == handshake.FrameClose {
			l.closeReceived(s)
			break
		}
		rest = rest[n:]
	}
	return failure{}
}

// closeReceived ends phase close: the closing handshake is complete, and the testee
// is to close the TCP connection (RFC 6455 section 7.1.1).
func (l *loop) closeReceived(s *slot) {
	nowNs := l.clock()
	s.ended(stats.PhaseClose, nowNs)
	l.enter(s, stateFinishing, nowNs)
}
