package handshake

import "bytes"

// maxMemo is the longest response head that a Memo remembers, in bytes. Heads
// of servers are 120 to 400; ours is the bound.
const maxMemo = 512

// Memo remembers the response head that was valid last. A testee's responses
// are the same but for the accept key, for a second at least (a Date header), so
// that most of them need not be parsed: the same bytes with the right accept key
// have the same verdict. It belongs to one loop, as all its responses are under
// the same Rules. The zero value is ready and remembers none.
type Memo struct {
	head   [maxMemo]byte
	length int // of the head; 0: none
	accept int // where the accept key begins in it
}

// Match returns the length of the head at the beginning of buf when it is the
// one remembered with the accept key of this connection, and 0 otherwise: that
// says nothing about buf.
func (m *Memo) Match(key *Key, buf []byte) (n int) {
	if m.length == 0 || len(buf) < m.length {
		return 0
	}
	var want [28]byte
	behind := m.accept + len(want)
	if !bytes.Equal(buf[:m.accept], m.head[:m.accept]) || !bytes.Equal(buf[behind:m.length], m.head[behind:m.length]) {
		return 0
	}
	key.Accept(&want)
	if string(buf[m.accept:behind]) != string(want[:]) {
		return 0
	}
	return m.length
}

// Remember takes a head that a Parser found valid for key. One in which the
// accept key stands more than once is not remembered: it would not be known
// which of the places is the header's.
func (m *Memo) Remember(key *Key, head []byte) {
	var accept [28]byte
	key.Accept(&accept)
	at := bytes.Index(head, accept[:])
	if len(head) > maxMemo || at < 0 || bytes.Contains(head[at+1:], accept[:]) {
		m.length = 0
		return
	}
	m.length, m.accept = copy(m.head[:], head), at
}
