package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// maxDelay is the longest delay. It is well below the client's timeouts.
const maxDelay = 5 * time.Second

// delay is a distribution of delays: between least and most, evenly spread, for every
// every-th connection, and none for the others. It is a flag.
//
// Delays are not random, so those of n connections are known, and their quantiles are those
// of the distribution but for 1/n or so.
type delay struct {
	least, most time.Duration
	every       int // 1: all; 0 is the zero value, no delay
}

// at returns the delay of the i-th connection, from 0. Multiples of the golden ratio,
// modulo 1, are spread evenly for every number of them (Knuth, The Art of Computer
// Programming, volume 3, section 6.4, theorem S).
func (d delay) at(i int) time.Duration {
	if d.every == 0 || i%d.every != 0 {
		return 0
	}
	_, part := math.Modf(float64(i/d.every) * math.Phi)
	return d.least + time.Duration(part*float64(d.most-d.least))
}

// String returns the delay as Set takes it.
func (d *delay) String() string {
	switch {
	case d.every == 0:
		return "0s"
	case d.every > 1:
		return fmt.Sprintf("%v%%:%v", 100/float64(d.every), d.most)
	case d.least < d.most:
		return fmt.Sprintf("uniform:%v..%v", d.least, d.most)
	}
	return d.most.String()
}

// Set parses a delay. The share of connections is one in a whole number, such as 1% or 25%.
func (d *delay) Set(text string) (err error) {
	*d = delay{every: 1}
	kind, value, found := strings.Cut(text, ":")
	switch {
	case !found:
		d.least, err = duration(text)
		d.most = d.least
	case kind == "uniform":
		err = d.setRange(value)
	case strings.HasSuffix(kind, "%"):
		err = d.setShare(strings.TrimSuffix(kind, "%"), value)
	default:
		err = errors.New("must be such as 5ms, uniform:0ms..20ms or 1%:200ms")
	}
	return err
}

func (d *delay) setRange(text string) (err error) {
	least, most, found := strings.Cut(text, "..")
	if !found {
		return errors.New("must be uniform:LEAST..MOST")
	}
	if d.least, err = duration(least); err != nil {
		return err
	}
	if d.most, err = duration(most); err != nil {
		return err
	}
	if d.least > d.most {
		return fmt.Errorf("%v is more than %v", d.least, d.most)
	}
	return nil
}

func (d *delay) setShare(percent, text string) (err error) {
	share, err := strconv.ParseFloat(percent, 64)
	if err != nil || !(share >= 0.01 && share <= 100) {
		return errors.New("the share must be 0.01% to 100%")
	}
	d.every = int(math.Round(100 / share))
	if math.Abs(100/share-float64(d.every)) > 1e-6 {
		return errors.New("the share must be one connection in a whole number, such as 1%")
	}
	d.least, err = duration(text)
	d.most = d.least
	return err
}

func duration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > maxDelay {
		return 0, fmt.Errorf("%q: must be 0s to %v, such as 5ms", text, maxDelay)
	}
	return d, nil
}
