package stats

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Limits of the parts of a result.
const (
	MaxParts      = 1 << 14
	MaxRunIDBytes = 128
	MaxHostBytes  = 253 // of a DNS name (RFC 1035 section 2.3.4), and more than HOST_NAME_MAX
)

// maxPartUs bounds the times of a part: a year, so that sums with a StartAt do not overflow.
const maxPartUs = int64(366 * 24 * time.Hour / time.Microsecond)

// Part says which share of a run that is spread over several processes the result is of: an
// element of "parts" in the result file. The result of one process has one, a merged result those
// of all. A result of a run in one process has none.
type Part struct {
	Number  int       `json:"number"`            // 0 to Of-1
	Of      int       `json:"of"`                // 1 to MaxParts
	RunID   string    `json:"run_id,omitempty"`  // printable ASCII without spaces, at most MaxRunIDBytes; empty: the run has none
	Host    string    `json:"host,omitempty"`    // printable ASCII, at most MaxHostBytes
	StartAt time.Time `json:"start_at,omitzero"` // when the parts were to begin; zero: it began at once
	LateUs  int64     `json:"late_us"`           // from StartAt to the begin of its loops
	Begun   bool      `json:"begun"`             // false: it was too late and made no connection
	Clock   Clock     `json:"clock"`

	// Done is what the part did, in a merged result. It is nil in the part's own result, which has it
	// all, and if the part did not begin.
	Done *PartDone `json:"done,omitempty"`
}

// Clock is what the kernel knew of the wall clock's error when a part began (adjtimex(2)).
type Clock struct {
	Synchronized bool  `json:"synchronized"` // STA_UNSYNC is not set
	MaxErrorUs   int64 `json:"max_error_us"` // timex.maxerror
}

// PartDone is what one part of a merged result did.
type PartDone struct {
	BeganNs   int64      `json:"began"` // nanoseconds since the Unix epoch by the clock of the part's machine
	Started   uint64     `json:"started"`
	Success   uint64     `json:"success"`
	Fail      uint64     `json:"fail"`
	PerSecond float64    `json:"handshakes_per_second"` // of its loaded window; of the measured window if that is not known
	Verdict   Bottleneck `json:"verdict,omitempty"`     // empty: not known
}

// Idle reports whether the result is of parts that did not begin.
func (r *Result) Idle() bool {
	return len(r.Parts) > 0 && !slices.ContainsFunc(r.Parts, func(p Part) bool { return p.Begun })
}

// partsOf returns the parts of a result, with what the only one did.
func partsOf(r *Result) []Part {
	if len(r.Parts) != 1 || !r.Parts[0].Begun || r.Parts[0].Done != nil {
		return r.Parts
	}
	p := r.Parts[0]
	perSecond, ok := r.LoadedHandshakesPerSecond()
	if !ok {
		perSecond = r.HandshakesPerSecond()
	}
	p.Done = &PartDone{ // a file can have any moment, and a window of a nanosecond
		BeganNs: max(0, p.Began(r).UnixNano()), Started: r.Total, Success: r.Success, Fail: r.Fail,
		PerSecond: min(perSecond, maxPartCount), Verdict: r.Verdict.Kind,
	}
	return []Part{p}
}

// Began returns when the loops of a part of a result began: the start of the measured window if
// the part did not wait for a moment.
func (p *Part) Began(r *Result) time.Time {
	switch {
	case p.Done != nil:
		return time.Unix(0, p.Done.BeganNs)
	case p.StartAt.IsZero():
		return r.Started
	}
	return p.StartAt.Add(time.Duration(p.LateUs) * time.Microsecond)
}

// comparePart orders the parts of a result: by run, then by number.
func comparePart(a, b Part) int {
	return cmp.Or(cmp.Compare(a.RunID, b.RunID), cmp.Compare(a.Number, b.Number), cmp.Compare(a.Of, b.Of))
}

func (r *Result) checkShares() error {
	if n := len(r.Parts); n > MaxParts {
		return fmt.Errorf("%d parts, at most %d are allowed", n, MaxParts)
	}
	for i := range r.Parts {
		p := &r.Parts[i]
		if err := p.check(); err != nil {
			return fmt.Errorf("part %d: %w", p.Number, err)
		}
		if i > 0 && comparePart(r.Parts[i-1], *p) > 0 {
			return fmt.Errorf("part %d after part %d: must be ascending", p.Number, r.Parts[i-1].Number)
		}
	}
	if r.Idle() && r.Total > 0 {
		return fmt.Errorf("no part has begun, but %d connections were started", r.Total)
	}
	return nil
}

func (p *Part) check() error {
	switch {
	case p.Of < 1 || p.Of > MaxParts:
		return fmt.Errorf("of %d: must be 1 to %d", p.Of, MaxParts)
	case p.Number < 0 || p.Number >= p.Of:
		return fmt.Errorf("of %d: must be 0 to %d", p.Of, p.Of-1)
	case CheckRunID(p.RunID) != nil && p.RunID != "":
		return fmt.Errorf("run_id: %w", CheckRunID(p.RunID))
	case !printableASCII(p.Host, MaxHostBytes):
		return fmt.Errorf("host must be printable ASCII of at most %d characters", MaxHostBytes)
	case !p.StartAt.IsZero() && (p.StartAt.Before(time.Unix(0, 0)) || p.StartAt.Year() >= maxYear):
		return fmt.Errorf("start_at must be of a year from 1970 to %d", maxYear-1)
	case p.LateUs < -maxPartUs || p.LateUs > maxPartUs:
		return fmt.Errorf("late by %d us: must be within a year", p.LateUs)
	case p.Clock.MaxErrorUs < 0 || p.Clock.MaxErrorUs > maxPartUs:
		return fmt.Errorf("clock error of %d us: must be 0 to a year", p.Clock.MaxErrorUs)
	case p.Done != nil:
		return p.checkDone()
	}
	return nil
}

// maxYear is the first year in which time.Time.UnixNano may be undefined, and a margin for LateUs.
const maxYear = 2260

// maxPartCount is more than a run can count, and sums of MaxParts of it do not overflow.
const maxPartCount = 1 << 48

func (p *Part) checkDone() error {
	d := p.Done
	switch {
	case !p.Begun:
		return errors.New("it did not begin, but has done something")
	case d.BeganNs < 0:
		return fmt.Errorf("began at %d: must be 0 or more", d.BeganNs)
	case d.Started > maxPartCount || d.Success > d.Started || d.Fail != d.Started-d.Success:
		return fmt.Errorf("%d connections, %d successes and %d failures do not agree", d.Started, d.Success, d.Fail)
	case d.PerSecond < 0 || d.PerSecond > maxPartCount:
		return fmt.Errorf("%v handshakes per second: must be 0 to %d", d.PerSecond, uint64(maxPartCount))
	case !printableASCII(string(d.Verdict), maxBottleneckKey):
		return fmt.Errorf("verdict must be printable ASCII of at most %d characters", maxBottleneckKey)
	}
	return nil
}

// CheckRunID returns an error unless the text can be the name of a run in parts.
func CheckRunID(id string) error {
	for _, c := range []byte(id) {
		if c <= ' ' || c > '~' {
			return errors.New("must be printable ASCII without spaces")
		}
	}
	if len(id) == 0 || len(id) > MaxRunIDBytes {
		return fmt.Errorf("must have 1 to %d characters", MaxRunIDBytes)
	}
	return nil
}
