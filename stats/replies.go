package stats

import "bytes"

// MaxReplyBytes is how much of a reply is kept: enough for a status line and the
// headers that matter.
const MaxReplyBytes = 512

// MaxSamples is the limit of replies kept per cause.
const MaxSamples = 100

// Reply is what a testee sent on a connection that failed. The bytes are raw: escape
// them before printing.
type Reply struct {
	Bytes []byte // 1 to MaxReplyBytes bytes
	Total int    // length of the response, or of the last read after it, before it was cut to Bytes
}

func (r Reply) clone() Reply { return Reply{Bytes: bytes.Clone(r.Bytes), Total: r.Total} }

// replies keeps the first perCause replies of each cause. newReplies allocates all
// its memory: NumCauses times perCause times a little over MaxReplyBytes.
type replies struct {
	perCause int
	kept     [NumCauses][]Reply
}

func newReplies(perCause int) *replies {
	k := &replies{perCause: perCause}
	free := make([]byte, NumCauses*perCause*MaxReplyBytes)
	for c := range k.kept {
		k.kept[c] = make([]Reply, 0, perCause)
		for range perCause {
			k.kept[c] = append(k.kept[c], Reply{Bytes: free[:0:MaxReplyBytes]})
			free = free[MaxReplyBytes:]
		}
		k.kept[c] = k.kept[c][:0]
	}
	return k
}

// keep copies a reply if there is room for one more of its cause. An empty reply is
// not kept.
func (k *replies) keep(c Cause, received []byte) {
	n := len(k.kept[c])
	if n == k.perCause || len(received) == 0 {
		return
	}
	k.kept[c] = k.kept[c][:n+1]
	r := &k.kept[c][n]
	r.Total = len(received)
	r.Bytes = append(r.Bytes[:0], received[:min(len(received), MaxReplyBytes)]...)
}

// fillReplies copies the replies of the recorders, for each cause up to the largest
// perCause. It takes the first reply of every recorder, then the second, because all
// loops began at the same time.
func (r *Result) fillReplies(recs []*Recorder) {
	most := 0
	for _, rec := range recs {
		if rec.replies != nil {
			most = max(most, rec.replies.perCause)
		}
	}
	for nth := range most {
		for _, rec := range recs {
			r.takeReplies(rec.replies, nth, most)
		}
	}
}

// takeReplies copies the nth reply of each cause, unless the cause has most replies
// already.
func (r *Result) takeReplies(k *replies, nth, most int) {
	if k == nil {
		return
	}
	for c, kept := range k.kept {
		if nth < len(kept) && len(r.Replies[c]) < most {
			r.Replies[c] = append(r.Replies[c], kept[nth].clone())
		}
	}
}

// addReplies copies the replies of another result, for each cause up to
// r.Setup.Samples.
func (r *Result) addReplies(other *Result) {
	for c, kept := range other.Replies {
		room := max(0, r.Setup.Samples-len(r.Replies[c]))
		for _, reply := range kept[:min(len(kept), room)] {
			r.Replies[c] = append(r.Replies[c], reply.clone())
		}
	}
}
