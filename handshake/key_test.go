package handshake

import "testing"

// The example in RFC 6455 section 1.3.
const (
	rfcKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	rfcAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

func exampleKey() *Key {
	var k Key
	k.Set((*[16]byte)([]byte("the sample nonce")))
	return &k
}

func TestKeyExampleOfRFC6455(t *testing.T) {
	k := exampleKey()
	if got := string(k[:]); got != rfcKey {
		t.Errorf("key %q, want %q", got, rfcKey)
	}
	var accept [28]byte
	k.Accept(&accept)
	if got := string(accept[:]); got != rfcAccept {
		t.Errorf("accept %q, want %q", got, rfcAccept)
	}
}

func TestKeyAllocatesNothing(t *testing.T) {
	var k Key
	var random [16]byte
	var accept [28]byte
	noAllocs(t, "Set and Accept", func() {
		random[0]++
		k.Set(&random)
		k.Accept(&accept)
	})
}

func noAllocs(t *testing.T, what string, f func()) {
	t.Helper()
	if n := testing.AllocsPerRun(200, f); n != 0 {
		t.Errorf("%s: %v allocations per call, want 0", what, n)
	}
}

func BenchmarkAccept(b *testing.B) {
	k := exampleKey()
	var accept [28]byte
	for b.Loop() {
		k.Accept(&accept)
	}
}
