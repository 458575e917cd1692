package emulator

import (
	"math/rand/v2"
	"time"
)

// Fate is what the link did with a packet.
type Fate uint8

const (
	Delivered   Fate = iota // or still on its way
	Lost                    // Config.Loss
	Overflow                // Config.Queue was full
	Cut                     // the link was down
	Unreachable             // answered by ICMP
	Refused                 // the device at the other end did not take it
)

func (f Fate) String() string {
	return [...]string{"delivered", "lost", "overflow", "cut", "unreachable", "refused"}[f]
}

// shaper decides on the packets of one direction. It has no clock: it is told the time.
type shaper struct {
	cfg    Config
	random *rand.Rand
	freeNs int64 // when the last packet has been sent at Config.Rate
	lastNs int64 // the latest delivery of a packet that did not overtake
}

// newShaper makes one of a link's shapers; direction sets their random numbers apart.
func newShaper(cfg Config, direction uint64) shaper {
	return shaper{cfg: cfg, random: rand.New(rand.NewPCG(cfg.Seed, direction))}
}

// admit returns the fate of a packet of that many bytes that comes now, and when it is
// delivered. It draws three random numbers for each packet, so that the fate of the n-th
// does not depend on which features are used.
func (s *shaper) admit(nowNs int64, size int) (fate Fate, dueNs int64) {
	lost, overtakes, jitter := s.random.Float64() < s.cfg.Loss, s.random.Float64() < s.cfg.Reorder, s.jitter()
	if lost {
		return Lost, 0
	}
	sentNs, taken := s.transmit(nowNs, size)
	switch {
	case !taken:
		return Overflow, 0
	case overtakes:
		return Delivered, sentNs
	}
	s.lastNs = max(s.lastNs, sentNs+int64(s.cfg.Delay)+jitter)
	return Delivered, s.lastNs
}

func (s *shaper) jitter() int64 {
	return int64((2*s.random.Float64() - 1) * float64(s.cfg.Jitter))
}

// transmit returns when the last bit of a packet has been sent, which is after those that
// came before it. It returns false if the queue has no room.
func (s *shaper) transmit(nowNs int64, size int) (sentNs int64, taken bool) {
	if s.cfg.Rate == 0 {
		return nowNs, true
	}
	s.freeNs = max(s.freeNs, nowNs)
	if s.bits(s.freeNs-nowNs)/8+float64(size) > float64(s.cfg.Queue) {
		return 0, false
	}
	s.freeNs += int64(float64(size) * 8 / float64(s.cfg.Rate) * float64(time.Second))
	return s.freeNs, true
}

func (s *shaper) bits(ns int64) float64 {
	return float64(ns) * float64(s.cfg.Rate) / float64(time.Second)
}
