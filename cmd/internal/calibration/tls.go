package calibration

import (
	"fmt"
	"math"
	"strings"

	"wsperf/stats"
)

// TLS is what the client's cost of a TLS handshake depends on. The zero value is ws://.
//
// What the ceiling of a mixed share is cannot be told from those of full and of resumed handshakes:
// either side can be what bounds each of them.
type TLS struct {
	Version string `json:"version"`                  // as crypto/tls names it
	Group   string `json:"group,omitempty"`          // likewise; empty: no handshake had one
	Resumed int    `json:"resumed_percent,omitzero"` // of the handshakes: see resumedPercent
	MLKEM   bool   `json:"mlkem_offered,omitzero"`   // its key share costs the client, whichever group is chosen
}

// tlsOf returns what the TLS handshakes of a result were. If they are of no kind that can be
// calibrated, why says so.
func tlsOf(r *stats.Result) (s TLS, why string) {
	if !r.UsesTLS() {
		return s, ""
	}
	n := r.TLS.Handshakes()
	switch {
	case n == 0:
		return s, "no TLS handshake is complete"
	case len(r.TLS.Versions) > 1 || len(r.TLS.Groups) > 1:
		return s, "several versions or groups of TLS were negotiated"
	case r.TLS.HelloRetryRequests > 0:
		return s, "the testee asked for another key share, which the built-in testee does not"
	case r.Setup.TLS.Cert != "":
		return s, "a client certificate costs a signature, and the built-in testee asks for none"
	}
	s = TLS{
		Version: only(r.TLS.Versions), Group: only(r.TLS.Groups), Resumed: resumedPercent(r),
		MLKEM: strings.Contains(strings.Join(r.Setup.TLS.Groups, " "), "MLKEM"),
	}
	if s.Group != "" && groupOption(s.Group) == "" {
		return s, "the built-in testee does not have the group " + s.Group
	}
	return s, ""
}

// nearPercent is how many percentage points a run may miss the share that was asked for. A short run
// misses it by the handshakes that its end cuts off, and by one in each loop.
const nearPercent = 5

// resumedPercent returns the share of the handshakes that resumed a session: the one that was asked
// for if the run came near it.
func resumedPercent(r *stats.Result) int {
	percent, asked := 100*float64(r.TLS.Resumed)/float64(r.TLS.Handshakes()), r.Setup.TLS.ResumePercent
	if percent > 0 && math.Abs(percent-asked) <= nearPercent {
		percent = asked
	}
	return int(math.Round(percent))
}

// only returns the name in counts that have one at most.
func only(counts map[string]uint64) string {
	for name := range counts {
		return name
	}
	return ""
}

// groupOption returns the word of --tls-groups for a group of the built-in testee (testee.NewTLSConfig),
// an empty string for another one.
func groupOption(group string) string {
	switch group {
	case "X25519":
		return group
	case "CurveP256":
		return "P-256"
	}
	return ""
}

// String describes the handshakes, those of ws:// by an empty string.
func (s TLS) String() string {
	if s == (TLS{}) {
		return ""
	}
	words := []string{s.Version}
	if s.Group != "" {
		words = append(words, s.Group)
	}
	if s.MLKEM {
		words = append(words, "ML-KEM offered")
	}
	return strings.Join(append(words, s.share()), ", ")
}

func (s TLS) share() string {
	switch s.Resumed {
	case 0:
		return "full"
	case 100:
		return "resumed"
	}
	return fmt.Sprintf("%d %% resumed", s.Resumed)
}

// options returns the options of wsperf calibrate that measure such handshakes. offered are the groups of
// the run.
func (s TLS) options(offered []string) string {
	text := "--tls"
	if s.Version == "TLS 1.2" {
		text += " --tls-max 1.2"
	}
	switch {
	case s.MLKEM:
		text += " --tls-groups " + strings.Join(offered, ",")
	case s.Group == "CurveP256":
		text += " --tls-groups P-256"
	}
	if s.Resumed != 0 && s.Resumed != 100 {
		text += fmt.Sprintf(" --tls-resume %d%%", s.Resumed)
	}
	return text
}
