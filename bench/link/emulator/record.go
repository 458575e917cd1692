package emulator

import (
	"slices"
	"time"
)

// Packet is what happened to a packet. Times are since the link was made.
type Packet struct {
	Header
	FromFar bool
	Fate    Fate
	In      time.Duration // read from the device of the sender
	Due     time.Duration // when it was to be delivered
	Out     time.Duration // when write(2) began to pass it to the receiver; 0: not delivered, or not yet
}

// MaxRecord is how many packets are recorded at most, 100 bytes each.
const MaxRecord = 1 << 20

// noRecord is the index of a packet that is not recorded.
const noRecord = -1

// record is the packets of a link in the order in which they came.
type record struct{ packets []Packet }

// add returns the index of the packet.
func (r *record) add(p Packet) int {
	if len(r.packets) == MaxRecord {
		return noRecord
	}
	r.packets = append(r.packets, p)
	return len(r.packets) - 1
}

func (r *record) delivered(i int, out time.Duration, fate Fate) {
	if i != noRecord {
		r.packets[i].Out, r.packets[i].Fate = out, fate
	}
}

// Lateness returns by how much packets were delivered later than they were due: the
// median and the 99th percentile. That is the link's own error: its sleep, and the packets
// that were passed before.
func Lateness(packets []Packet) (median, p99 time.Duration) {
	var late []time.Duration
	for _, p := range packets {
		if p.Fate == Delivered && p.Out != 0 {
			late = append(late, p.Out-p.Due)
		}
	}
	if len(late) == 0 {
		return 0, 0
	}
	slices.Sort(late)
	return late[len(late)/2], late[len(late)*99/100]
}
