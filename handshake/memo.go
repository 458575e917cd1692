package handshake

import "bytes"

// maxMemo is the longest response head that a Memo remembers, in bytes. Servers
// send heads of 120 to 400 bytes; the limit is ours.
const maxMemo = 512

// Memo remembers the last valid response head. Most testees' responses differ only in
// the accept key and, once a second, in the Date header. Such a response needs no parsing:
// the same bytes with the right accept key are valid under the same Rules. A Memo
// belongs to one loop and one testee. The zero value is ready and remembers none.
type Memo struct {
	head   [maxMemo]byte
	length int // of the head; 0: none
	accept int // where the accept key begins in it
}

// Match compares the beginning of buf with the remembered head, with the accept key
// for key in its place. It returns the length of the head if they are equal. 0 says
// nothing about buf, which must be parsed.
func (m *Memo) Match(key *Key, buf []byte) (n int) {
	if m.length == 0 || len(buf) < m.length {
		return 0
	}
	var want [28]byte
	after := m.accept + len(want)
	if !bytes.Equal(buf[:m.accept], m.head[:m.accept]) || !bytes.Equal(buf[after:m.length], m.head[after:m.length]) {
		return 0
	}
	key.Accept(&want)
	if string(buf[m.accept:after]) != string(want[:]) {
		return 0
	}
	return m.length
}

// Remember takes a head that a Parser found valid for key. A head longer than
// maxMemo clears the memo. So does one that contains the accept key more than once:
// it does not tell which one is the value of the header.
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
