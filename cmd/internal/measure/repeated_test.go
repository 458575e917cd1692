package measure

import (
	"bytes"
	"io"
	"testing"

	"wsperf/cmd/internal/ui"
	"wsperf/engine"
)

// TestWarnsOncePerKind: the runs are alike, and so are their warnings.
func TestWarnsOncePerKind(t *testing.T) {
	var stderr bytes.Buffer
	o := &Repeated{UI: ui.New(nil, io.Discard, &stderr), Quiet: true}
	ports, backlog := engine.Warning{Kind: engine.WarnPorts, Text: "few ports"}, engine.Warning{Kind: engine.WarnBacklog, Text: "short queue"}
	for _, all := range [][]engine.Warning{{ports}, nil, {{Kind: engine.WarnPorts, Text: "fewer ports"}, backlog}, {backlog}} {
		if err := o.Prepared(t.Context(), all); err != nil {
			t.Fatal(err)
		}
	}
	if want := "wsperf: warning: few ports\nwsperf: warning: short queue\n"; stderr.String() != want {
		t.Errorf("%q, want %q", stderr.String(), want)
	}
}
