package report

import (
	"strings"
	"testing"

	"wsperf/stats/internal/example"
)

func TestAddressList(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"127.0.0.2", "127.0.0.2"},
		{"127.0.0.2 127.0.0.3 127.0.0.4", "127.0.0.2-127.0.0.4"},
		{"10.0.0.255 10.0.1.0", "10.0.0.255-10.0.1.0"},
		{"10.0.0.2 10.0.0.1", "10.0.0.2, 10.0.0.1"},
		{"::1 fd00::1 fd00::2", "::1, fd00::1-fd00::2"},
		{"255.255.255.255 ::", "255.255.255.255, ::"},
		{"::1 ::3 ::5 ::7 ::8", "::1, ::3, ::5, ::7-::8"},
		{"::1 ::3 ::5 ::7 ::9", "::1, ::3, ::5, ::7, ..."},
		{"x ::1", "::1"},
	} {
		if got := addressList(strings.Fields(c.in)); got != c.want {
			t.Errorf("%s: %s, want %s", c.in, got, c.want)
		}
	}
}

func TestSourcesInTheReport(t *testing.T) {
	r := example.Plain()
	if got := text(t, r); strings.Contains(got, "source") {
		t.Errorf("sources that nobody asked for:\n%s", got)
	}
	r.Setup.Sources = []string{"127.0.0.2"}
	if got := text(t, r); !strings.Contains(got, "\n\nFrom 1 source address: 127.0.0.2\n\nPhases") {
		t.Errorf("report:\n%s", got)
	}
}
