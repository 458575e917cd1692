package host

import (
	"context"
	"time"

	"golang.org/x/sys/unix"
)

// Clock is what the kernel knows of its wall clock.
type Clock struct {
	Synchronized bool          // a daemon says that it is (STA_UNSYNC is not set)
	MaxError     time.Duration // that the daemon and the kernel assume, 0 or more
}

// ReadClock asks the kernel, and changes nothing (adjtimex(2), modes 0). The zero value says that it does not tell,
// as a container's filter of system calls may have it.
func ReadClock() Clock {
	var t unix.Timex
	if _, err := unix.Adjtimex(&t); err != nil {
		return Clock{}
	}
	return Clock{Synchronized: t.Status&unix.STA_UNSYNC == 0, MaxError: time.Duration(max(0, t.Maxerror)) * time.Microsecond}
}

// napping is the longest time for which SleepUntil does not notice that its context was cancelled, or that the clock was set.
const napping = 100 * time.Millisecond

// SleepUntil returns at a moment of the wall clock, at once if that is over, or with the context's error when that
// is cancelled. If the clock is set meanwhile, the moment is that of the new time.
func SleepUntil(ctx context.Context, moment time.Time) error {
	moment = moment.Round(0)      // without a reading of the monotonic clock, which time.Until would prefer
	nap := time.NewTimer(napping) // one for all: in a run that waits, no garbage is collected
	defer nap.Stop()
	for {
		left := time.Until(moment)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case left <= 0:
			return nil
		case left <= napping:
			sleepOnClock(moment)
			continue
		}
		nap.Reset(min(left-napping/2, napping))
		select {
		case <-ctx.Done():
		case <-nap.C:
		}
	}
}

// sleepOnClock sleeps until a moment that is near, or until a signal.
func sleepOnClock(moment time.Time) {
	at := unix.NsecToTimespec(moment.UnixNano())
	_ = unix.ClockNanosleep(unix.CLOCK_REALTIME, unix.TIMER_ABSTIME, &at, nil) // the caller looks at the clock
}
