package handshake

// class is a set of syntax elements that a byte may be part of.
type class uint8

const (
	classToken  class = 1 << iota // tchar of RFC 7230 section 3.2.6
	classText                     // HTAB, SP, VCHAR or obs-text: RFC 7230 section 3.2, field-content
	classHost                     // host of RFC 3986 section 3.2.2, with its port
	classTarget                   // visible ASCII except "#": RFC 6455 section 3 allows no fragment
	classPlain                    // stands in a path or query as it is: RFC 3986 sections 3.3 and 3.4, and "[" and "]"
)

const (
	tokenMarks = "!#$%&'*+-.^_`|~"
	hostMarks  = "-._~" + "!$&'()*+,;=" + "%:[]" // unreserved, sub-delims, pct-encoded, port and IP literal
	plainMarks = hostMarks + "@/?"               // pchar, "/" and "?"
)

// classes is read-only.
var classes = makeClasses()

func makeClasses() (t [256]class) {
	t['\t'] = classText
	for c := ' '; c < 256; c++ {
		t[c] |= classText
	}
	t[0x7f] = 0
	for c := '!'; c <= '~'; c++ {
		t[c] |= classTarget
		if isAlphanumeric(byte(c)) {
			t[c] |= classToken | classHost | classPlain
		}
	}
	t['#'] &^= classTarget
	addClass(&t, tokenMarks, classToken)
	addClass(&t, hostMarks, classHost)
	addClass(&t, plainMarks, classPlain)
	return t
}

func addClass(t *[256]class, chars string, c class) {
	for i := range len(chars) {
		t[chars[i]] |= c
	}
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// prefixOf returns the length of the longest prefix of s that is all of class c.
func prefixOf[S string | []byte](s S, c class) int {
	for i := range len(s) {
		if classes[s[i]]&c == 0 {
			return i
		}
	}
	return len(s)
}

func isAll[S string | []byte](s S, c class) bool { return prefixOf(s, c) == len(s) }

// isToken reports whether s is a token (RFC 7230 section 3.2.6). Subprotocol names
// have the same syntax: RFC 6455 section 4.1 excludes the same separators.
func isToken(s string) bool { return s != "" && isAll(s, classToken) }

// trimOWS trims optional white space (RFC 7230 section 3.2.3) from both ends.
func trimOWS(b []byte) []byte {
	for len(b) > 0 && isOWS(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isOWS(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func isOWS(c byte) bool { return c == ' ' || c == '\t' }

// equalFold reports whether b equals lower, ignoring the case of ASCII letters.
// lower must consist of lower-case letters and "-", and b must not contain CR, which
// is "-" without bit 5. Setting that bit maps nothing but capitals onto letters.
func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i := range len(lower) {
		if b[i]|0x20 != lower[i] {
			return false
		}
	}
	return true
}
