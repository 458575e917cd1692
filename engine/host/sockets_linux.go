package host

import (
	"bytes"

	"golang.org/x/sys/unix"
)

// openFile is a file under /proc that is opened once and read many times, into the same
// buffer: reading it does not allocate.
type openFile struct {
	fd     int // -1: there is no such file
	buffer [1024]byte
}

func openForReading(path string) *openFile {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		fd = -1
	}
	return &openFile{fd: fd}
}

// read returns the first kilobyte of the file, empty if it cannot be read. It is valid until
// the next read.
func (f *openFile) read() []byte {
	n, err := unix.Pread(f.fd, f.buffer[:], 0)
	if err != nil {
		return nil
	}
	return f.buffer[:n]
}

func (f *openFile) close() {
	if f.fd >= 0 {
		unix.Close(f.fd)
		f.fd = -1
	}
}

// Sockets counts what exists in a network namespace at a time. A number that cannot be read
// is Unknown.
type Sockets struct {
	TimeWait int64 // TCP connections in TIME_WAIT, of whichever end
	Orphans  int64 // TCP connections that their program has closed and the kernel has not
	Memory   int64 // pages of the machine's memory in buffers of TCP sockets
	Tracked  int64 // connections in the table of the packet filter (nf_conntrack_count)
}

// SocketCounters reads Sockets again and again. It keeps two descriptors.
type SocketCounters struct{ sockstat, conntrack *openFile }

// OpenSocketCounters returns the counters of the network namespace that the calling thread
// is in.
func OpenSocketCounters() SocketCounters {
	return SocketCounters{openForReading("/proc/thread-self/net/sockstat"), openForReading("/proc/sys/net/netfilter/nf_conntrack_count")}
}

// Read returns the current numbers. It does not allocate.
func (c SocketCounters) Read() Sockets {
	text := c.sockstat.read()
	return Sockets{
		TimeWait: sockstatNumber(text, " tw "), Orphans: sockstatNumber(text, " orphan "), Memory: sockstatNumber(text, " mem "),
		Tracked: leadingNumber(c.conntrack.read()),
	}
}

// Close gives the descriptors back.
func (c SocketCounters) Close() {
	c.sockstat.close()
	c.conntrack.close()
}

// MaxTracked returns how many connections the table of the packet filter holds
// (nf_conntrack_max), Unknown if there is none. Packets of more are dropped.
func MaxTracked() int64 { return readNumber("/proc/sys/net/netfilter/nf_conntrack_max") }

// SYNLinearTimeouts returns how many retransmissions of a SYN follow each other at the same
// distance of a second, before the distance doubles (tcp_syn_linear_timeouts,
// Documentation/networking/ip-sysctl.rst). Linux before 6.5 knows no such setting: 0.
func SYNLinearTimeouts() int {
	return max(0, readSetting("/proc/sys/net/ipv4/tcp_syn_linear_timeouts"))
}

// sockstatNumber returns the number after a key in the line of TCP (sockstat_seq_show in
// net/ipv4/proc.c), such as "TCP: inuse 2 orphan 0 tw 87652 alloc 1008 mem 0".
func sockstatNumber(text []byte, key string) int64 {
	const line = "\nTCP:"
	at := bytes.Index(text, []byte(line))
	if at < 0 {
		return Unknown
	}
	text = text[at+len(line):]
	if end := bytes.IndexByte(text, '\n'); end >= 0 {
		text = text[:end]
	}
	if at = bytes.Index(text, []byte(key)); at < 0 {
		return Unknown
	}
	return leadingNumber(text[at+len(key):])
}

// leadingNumber returns the decimal number that a text begins with.
func leadingNumber(text []byte) int64 {
	const maxDigits = 18 // of a number that an int64 surely holds
	n := int64(0)
	for i, c := range text {
		if c < '0' || c > '9' || i == maxDigits {
			if i == 0 || i == maxDigits {
				return Unknown
			}
			return n
		}
		n = 10*n + int64(c-'0')
	}
	if len(text) == 0 {
		return Unknown
	}
	return n
}
