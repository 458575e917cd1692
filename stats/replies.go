package stats

import "bytes"

// MaxReplyBytes is how much is kept of one reply: a status line and the
// headers that matter, and of a body what fits.
const MaxReplyBytes = 512

// MaxSamples is the most replies that are kept per cause.
const MaxSamples = 100

// Reply is what a testee said on a connection that failed, as it came: it is
// not to be printed without being escaped.
type Reply struct {
	Bytes []byte // the first MaxReplyBytes at most, never empty
	Total int    // bytes that were there when the connection failed, of its last read or its response
}

// clone returns a reply that shares no memory with r.
func (r Reply) clone() Reply { return Reply{Bytes: bytes.Clone(r.Bytes), Total: r.Total} }

// replies keeps the first few replies of each cause: what the testee really
// said. All its memory is allocated by newReplies: NumCauses times perCause
// times a little over MaxReplyBytes.
type replies struct {
	perCause int
	kept     [NumCauses][]Reply
}

func newReplies(perCause int) *replies {
	k := &replies{perCause: perCause}
	bytes := make([]byte, NumCauses*perCause*MaxReplyBytes)
	for c := range k.kept {
		k.kept[c] = make([]Reply, 0, perCause)
		for range perCause {
			k.kept[c] = append(k.kept[c], Reply{Bytes: bytes[:0:MaxReplyBytes]})
			bytes = bytes[MaxReplyBytes:]
		}
		k.kept[c] = k.kept[c][:0]
	}
	return k
}

// keep copies a reply when there is room for one more of its cause. A testee
// that said nothing takes no room from one that did.
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

// fillReplies copies what the recorders kept, as many of each cause as the
// recorder that keeps the most does. All loops began at the same time, so the
// first of each come before the second of any.
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

// takeReplies adds the nth reply of each cause, if there is one, unless there
// are most of them already.
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

// addReplies adds copies of the replies of another result, as far as
// r.Setup.Samples allows.
func (r *Result) addReplies(other *Result) {
	for c, kept := range other.Replies {
		room := max(0, r.Setup.Samples-len(r.Replies[c]))
		for _, reply := range kept[:min(len(kept), room)] {
			r.Replies[c] = append(r.Replies[c], reply.clone())
		}
	}
}
