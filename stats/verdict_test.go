package stats

import (
	"strings"
	"testing"
)

func TestMergeVerdicts(t *testing.T) {
	of := func(kinds ...Bottleneck) (rs []*Result) {
		for _, k := range kinds {
			r := newResult()
			r.Total = 1
			r.Verdict = Verdict{Kind: k, Reason: "because", Evidence: []string{"seen"}}
			rs = append(rs, r)
		}
		return rs
	}
	empty := newResult()
	for _, c := range []struct {
		name   string
		rs     []*Result
		want   Bottleneck
		reason string
		parts  int
	}{
		{"all alike", of(BottleneckTestee, BottleneckTestee), BottleneckTestee, "2 of 2 runs say so", 2},
		{"the client comes first", of(BottleneckTestee, BottleneckClient, BottleneckRate), BottleneckClient, "1 of 3 runs say so", 3},
		{"unclear above rate", of(BottleneckRate, BottleneckUnclear), BottleneckUnclear, "1 of 2 runs say so", 2},
		{"a later version's is last", of("new", BottleneckRate), BottleneckRate, "1 of 2 runs say so", 2},
		{"one alone", of(BottleneckRemote), BottleneckRemote, "because", 0},
		{"one without connections", append(of(BottleneckRemote), empty), BottleneckRemote, "because", 0},
		{"one that is not known", of(BottleneckTestee, ""), "", "", 0},
		{"none", nil, "", "", 0},
	} {
		got := mergedVerdict(c.rs)
		if got.Kind != c.want || got.Reason != c.reason || len(got.Parts) != c.parts {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	merged := newResult()
	merged.Total, merged.Verdict = 1, mergedVerdict(of(BottleneckTestee, BottleneckRate))
	if again := mergedVerdict(append(of(BottleneckQuota), merged)); again.Kind != BottleneckQuota || len(again.Parts) != 3 || again.Parts[2].Kind != BottleneckRate {
		t.Errorf("merged again: %+v", again)
	}
	if many := mergedVerdict(of(make([]Bottleneck, MaxVerdictParts+1)...)); many.Known() {
		t.Errorf("unknown ones: %+v", many)
	}
	all := of(BottleneckRate)
	for len(all) <= MaxVerdictParts {
		all = append(all, all[0])
	}
	if many := mergedVerdict(all[1:]); len(many.Parts) != MaxVerdictParts || many.Parts[maxReasons-1].Reason == "" || many.Parts[maxReasons].Reason != "" {
		t.Errorf("%d parts of %d", len(many.Parts), MaxVerdictParts)
	}
	if many := mergedVerdict(all); many.Kind != BottleneckRate || many.Parts != nil {
		t.Errorf("too many parts: %d", len(many.Parts))
	}
}

// TestMergeVerdictsOfParts: they have the parts' numbers, whatever the order of the files.
func TestMergeVerdictsOfParts(t *testing.T) {
	of := func(number int, kind Bottleneck) *Result {
		r := newResult()
		r.Total, r.Verdict, r.Parts = 1, Verdict{Kind: kind}, []Part{{Number: number, Of: 4, Begun: true}}
		return r
	}
	alone := newResult()
	alone.Total, alone.Verdict = 1, Verdict{Kind: BottleneckRemote}
	merged := newResult()
	merged.Total, merged.Verdict = 1, mergedVerdict([]*Result{alone, of(3, BottleneckRate), of(0, BottleneckTestee)})
	whole := mergedVerdict([]*Result{of(2, BottleneckUnclear), merged, of(1, BottleneckKernel)})
	for i, want := range []Bottleneck{BottleneckTestee, BottleneckKernel, BottleneckUnclear, BottleneckRate} {
		if v := whole.Parts[i]; v.Part == nil || *v.Part != i || v.Kind != want {
			t.Errorf("%d: %+v, want %s", i, v, want)
		}
	}
	if last := whole.Parts[4]; last.Part != nil || last.Kind != BottleneckRemote {
		t.Errorf("the run that was no part: %+v", last)
	}
	if one := mergedVerdict([]*Result{of(2, BottleneckRate)}); one.Part != nil {
		t.Errorf("one part alone: %+v", one)
	}
}

func mergedVerdict(rs []*Result) Verdict {
	var s verdictSum
	for _, r := range rs {
		s.add(r)
	}
	return s.result(newResult())
}

func TestValidVerdicts(t *testing.T) {
	for kind, want := range map[Bottleneck]bool{"": false, BottleneckClient: false, BottleneckQuota: false, BottleneckShared: false,
		BottleneckKernel: true, BottleneckTestee: true, BottleneckWatermark: true, BottleneckRemote: true, BottleneckUnclear: true, BottleneckRate: true} {
		v := Verdict{Kind: kind}
		if v.Valid() != want {
			t.Errorf("%q: valid %t", kind, !want)
		}
	}
}

func TestCheckVerdict(t *testing.T) {
	beyond := MaxParts
	for _, c := range []struct {
		v    Verdict
		want string
	}{
		{Verdict{Kind: BottleneckTestee, Reason: "x", Evidence: make([]string, MaxEvidence)}, ""},
		{Verdict{Kind: BottleneckTestee, Evidence: make([]string, MaxEvidence+1)}, "verdict: 4 lines of evidence, at most 3"},
		{Verdict{Kind: "\x1b"}, "verdict: kind must be printable"},
		{Verdict{Reason: strings.Repeat("x", MaxVerdictBytes+1)}, "verdict: reason and evidence must be"},
		{Verdict{Evidence: []string{"\n"}}, "verdict: reason and evidence must be"},
		{Verdict{Parts: []Verdict{{Reason: "\x07"}}}, "verdict: part 0: reason and evidence must be"},
		{Verdict{Parts: []Verdict{{}, {Parts: []Verdict{{}}}}}, "verdict: part 1 has parts of its own"},
		{Verdict{Part: new(int)}, "verdict: a part is named outside of parts"},
		{Verdict{Parts: []Verdict{{Part: new(int)}}}, ""},
		{Verdict{Parts: []Verdict{{Part: &beyond}}}, "verdict: part 0: part 16384: must be 0 to 16383"},
		{Verdict{Parts: make([]Verdict, MaxVerdictParts+1)}, "verdict: 16385 parts, at most 16384"},
	} {
		r := newResult()
		r.Verdict = c.v
		err := r.checkVerdict()
		if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%.60v: %v, want %s", c.v, err, c.want)
		}
	}
}
