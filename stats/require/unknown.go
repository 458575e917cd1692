package require

import (
	"fmt"
	"strings"

	"wsperf/stats"
)

// statistics says what can follow the name of a distribution.
const statistics = "min, mean, max, q50, q99, q999 or another quantile"

// unknown returns the error for a name that is no measure. It lists the measures of the same
// group, or else all groups.
func unknown(name string) error {
	group, _, dotted := strings.Cut(name, ".")
	want := ""
	switch {
	case dotted && group+"." == causeGroup:
		want = causeGroup + "NAME or " + causeGroup + "NAME% with a NAME of " + strings.Join(nearCauses(name), ", ")
	case dotted:
		want = ofGroup(group)
	}
	if want == "" {
		want = everything()
	}
	return fmt.Errorf("unknown measure %q: must be %s", name, want)
}

// nearCauses returns the causes that begin as the name does, to the first underscore, or all
// of them.
func nearCauses(name string) []string {
	first, _, cut := strings.Cut(strings.TrimPrefix(name, causeGroup), "_")
	var near, all []string
	for c := stats.CauseNone + 1; c < stats.NumCauses; c++ {
		all = append(all, c.String())
		if cut && strings.HasPrefix(c.String(), first+"_") {
			near = append(near, c.String())
		}
	}
	if len(near) > 0 {
		return near
	}
	return all
}

// ofGroup lists what can follow a name and a point; empty: nothing.
func ofGroup(group string) string {
	var names []string
	for _, m := range figures() {
		if strings.HasPrefix(m.name, group+".") {
			names = append(names, m.name)
		}
	}
	for _, d := range distributions() {
		if d.name == group {
			names = append(names, d.name+".X with an X of "+statistics)
		}
	}
	return strings.Join(names, ", ")
}

func everything() string {
	var names, phases []string
	for _, m := range figures() {
		names = append(names, m.name)
	}
	for _, d := range distributions() {
		phases = append(phases, d.name)
	}
	return fmt.Sprintf("%s, %sNAME, %sNAME%%, or P.X with a P of %s and an X of %s",
		strings.Join(names, ", "), causeGroup, causeGroup, strings.Join(phases, ", "), statistics)
}
