package stats

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// failWith records a failure for cause c with each of the replies.
func failWith(rec *Recorder, c Cause, replies ...string) {
	for _, reply := range replies {
		rec.Start()
		rec.Fail(&Sample{}, c)
		rec.Reply(c, []byte(reply))
	}
}

func keeping(perCause int) *Recorder {
	rec := NewRecorder(nil)
	rec.KeepReplies(perCause)
	return rec
}

// texts formats replies as BYTES/TOTAL.
func texts(kept []Reply) (all []string) {
	for _, r := range kept {
		all = append(all, fmt.Sprintf("%s/%d", r.Bytes, r.Total))
	}
	return all
}

func checkReplies(t *testing.T, r *Result, c Cause, want ...string) {
	t.Helper()
	if got := texts(r.Replies[c]); !slices.Equal(got, want) {
		t.Errorf("replies of %v: %.200q, want %.200q", c, got, want)
	}
}

func TestFirstRepliesAreKeptPerCause(t *testing.T) {
	long := strings.Repeat("x", MaxReplyBytes+7)
	rec := keeping(2)
	failWith(rec, CauseOpenMalformed, "a", "", "bb", "ccc")
	failWith(rec, CauseCloseProtocol, long, long[:MaxReplyBytes])
	failWith(rec, CauseOpenEOF, "", "")
	res := mustMerge(t, rec)
	checkReplies(t, res, CauseOpenMalformed, "a/1", "bb/2")
	checkReplies(t, res, CauseCloseProtocol, long[:MaxReplyBytes]+"/519", long[:MaxReplyBytes]+"/512")
	checkReplies(t, res, CauseOpenEOF)
	checkReplies(t, res, CauseOpenStatus)
	res.Setup.Samples = 2
	if err := res.Check(); err != nil {
		t.Error(err)
	}
}

func TestNoReplyIsKeptByDefault(t *testing.T) {
	for name, rec := range map[string]*Recorder{"KeepReplies not called": NewRecorder(nil), "KeepReplies(0)": keeping(0)} {
		failWith(rec, CauseOpenMalformed, "a")
		if res := mustMerge(t, rec); len(res.Replies[CauseOpenMalformed]) > 0 {
			t.Errorf("%s: kept %q", name, texts(res.Replies[CauseOpenMalformed]))
		}
	}
}

func TestMergeTakesRepliesInTurn(t *testing.T) {
	a, b, c := keeping(2), NewRecorder(nil), keeping(3)
	failWith(a, CauseOpenEOF, "a1", "a2", "a3")
	failWith(b, CauseOpenEOF, "b1")
	failWith(c, CauseOpenEOF, "c1", "c2")
	failWith(c, CauseOpenReset, "c3")
	res := mustMerge(t, a, b, c)
	checkReplies(t, res, CauseOpenEOF, "a1/2", "c1/2", "a2/2")
	checkReplies(t, res, CauseOpenReset, "c3/2")
}

func TestMergedRepliesAreCopies(t *testing.T) {
	rec := keeping(1)
	failWith(rec, CauseOpenEOF, "first")
	res := mustMerge(t, rec)
	res.Setup.Samples = 1
	sum, err := MergeResults(res, mustMerge(t))
	if err != nil {
		t.Fatal(err)
	}
	copy(rec.replies.kept[CauseOpenEOF][0].Bytes, "wrong")
	checkReplies(t, res, CauseOpenEOF, "first/5")
	copy(res.Replies[CauseOpenEOF][0].Bytes, "wrong")
	checkReplies(t, sum, CauseOpenEOF, "first/5")
}

// TestMergeResultsOrderOfReplies merges all at once and pairwise, as the loader of
// result files does.
func TestMergeResultsOrderOfReplies(t *testing.T) {
	result := func(samples int, replies ...string) *Result {
		rec := keeping(samples)
		failWith(rec, CauseOpenEOF, replies...)
		res := mustMerge(t, rec)
		res.Setup.Samples = samples
		return res
	}
	a, b, c := result(1, "a1"), result(3, "b1", "b2", "b3"), result(2, "c1", "c2")
	merge := func(rs ...*Result) *Result {
		res, err := MergeResults(rs...)
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Check(); err != nil {
			t.Error(err)
		}
		return res
	}
	for _, res := range []*Result{merge(a, b, c), merge(merge(a, b), c), merge(a, merge(b, c))} {
		checkReplies(t, res, CauseOpenEOF, "a1/2", "b1/2", "b2/2")
		if res.Setup.Samples != 3 {
			t.Errorf("%d samples, want 3, the maximum", res.Setup.Samples)
		}
	}
	checkReplies(t, merge(a, c), CauseOpenEOF, "a1/2", "c1/2")
}

func TestReplyAllocatesNothing(t *testing.T) {
	rec := keeping(MaxSamples)
	reply := bytes.Repeat([]byte("x"), MaxReplyBytes+1)
	if n := testing.AllocsPerRun(2*MaxSamples, func() { rec.Reply(CauseOpenEOF, reply) }); n != 0 {
		t.Errorf("%v allocations per reply", n)
	}
	if n := len(rec.replies.kept[CauseOpenEOF]); n != MaxSamples {
		t.Errorf("%d replies kept, want %d", n, MaxSamples)
	}
}
