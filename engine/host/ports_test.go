package host

import (
	"reflect"
	"slices"
	"testing"
)

func TestParseRanges(t *testing.T) {
	for text, want := range map[string][]PortRange{
		"\n":                          nil,
		"8080\n":                      {{8080, 8080}},
		"8080,9148-9150,65535":        {{8080, 8080}, {9148, 9150}, {65535, 65535}},
		"x,1-,-2,5-4,65536,3-70000,7": {{7, 7}},
	} {
		if got := parseRanges(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestPortsWithoutTheReserved(t *testing.T) {
	for _, c := range []struct {
		reserved []PortRange
		want     []uint16
	}{
		{nil, []uint16{65531, 65532, 65533, 65534, 65535}},
		{[]PortRange{{1, 100}, {65530, 65531}, {65533, 65533}}, []uint16{65532, 65534, 65535}},
		{[]PortRange{{65532, 65532}, {65533, 65535}}, []uint16{65531}},
		{[]PortRange{{1, 65535}}, nil},
	} {
		p := Ports{PortRange{65531, 65535}, c.reserved}
		if got := slices.Collect(p.All()); !slices.Equal(got, c.want) || p.Count() != len(c.want) {
			t.Errorf("without %v: %d ports %v, want %v", c.reserved, p.Count(), got, c.want)
		}
	}
}
