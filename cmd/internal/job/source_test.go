package job

import (
	"fmt"
	"strings"
	"testing"

	"wsperf/stats"
)

func TestParseSources(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"10.0.0.5", "[10.0.0.5]"},
		{"127.0.0.2-127.0.0.4", "[127.0.0.2 127.0.0.3 127.0.0.4]"},
		{"127.0.0.2-127.0.0.2", "[127.0.0.2]"},
		{"10.0.0.255-10.0.1.1", "[10.0.0.255 10.0.1.0 10.0.1.1]"},
		{"10.0.0.9, 10.0.0.5-10.0.0.6", "[10.0.0.9 10.0.0.5 10.0.0.6]"},
		{"::1", "[::1]"},
		{"fd00::fffe-fd00::1:1", "[fd00::fffe fd00::ffff fd00::1:0 fd00::1:1]"},
		{"fe80::1%eth0", "[fe80::1%eth0]"},
		{"fe80::1%br-0,fe80::1%br-1", "[fe80::1%br-0 fe80::1%br-1]"},
		{"::ffff:10.0.0.5-10.0.0.6", "[10.0.0.5 10.0.0.6]"},
		{"255.255.255.253-255.255.255.254", "[255.255.255.253 255.255.255.254]"},
	} {
		got, err := parseSources(c.in)
		if err != nil || fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v, %v, want %s", c.in, got, err, c.want)
		}
	}
}

func TestParseSourcesBound(t *testing.T) {
	for _, list := range []string{"10.0.0.1-10.1.0.0", "10.0.0.1-10.0.255.255,10.1.0.0", "fd00::1-fd00::1:0"} {
		got, err := parseSources(list)
		if err != nil || len(got) != stats.MaxSources {
			t.Errorf("%s: %d addresses, %v", list, len(got), err)
		}
	}
}

var badSources = []struct{ in, want string }{
	{"", "an address is missing"},
	{"10.0.0.1,", "an address is missing"},
	{",10.0.0.1", "an address is missing"},
	{"10.0.0.1-", "an address is missing"},
	{"-10.0.0.1", "an address is missing"},
	{"localhost", `"localhost" is not an IP address`},
	{"10.0.0.1:80", `"10.0.0.1:80" is not an IP address`},
	{"10.0.0.0/24", `"10.0.0.0/24" is not an IP address`},
	{"10.0.0.1-20", `"20" is not an IP address`},
	{"10.0.0.1-10.0.0.2-10.0.0.3", `"10.0.0.2-10.0.0.3" is not an IP address`},
	{"10.0.0.1 10.0.0.2", `"10.0.0.1 10.0.0.2" is not an IP address`},
	{"010.0.0.1", `"010.0.0.1" is not an IP address`},
	{"10.0.0.9-10.0.0.2", "the range 10.0.0.9-10.0.0.2 runs backwards"},
	{"10.0.0.9-::1", "the ends of the range 10.0.0.9-::1 are not of one family"},
	{"10.0.0.1,::1", "10.0.0.1 and ::1 are not of one family"},
	{"10.0.0.1,10.0.0.1", "10.0.0.1 is named twice"},
	{"10.0.0.1-10.0.0.5,10.0.0.3", "10.0.0.3 is named twice"},
	{"10.0.0.1,::ffff:10.0.0.1", "10.0.0.1 is named twice"},
	{"0.0.0.0", "0.0.0.0 is no address to connect from"},
	{"::", ":: is no address to connect from"},
	{"224.0.0.1", "224.0.0.1 is a multicast or broadcast address"},
	{"ff02::1", "ff02::1 is a multicast or broadcast address"},
	{"255.255.255.255", "255.255.255.255 is a multicast or broadcast address"},
	{"223.255.255.254-224.0.0.0", "224.0.0.0 is a multicast or broadcast address"},
	{"10.0.0.1-10.1.0.1", "more than 65536 addresses"},
	{"1::-ffff::", "more than 65536 addresses"},
	{"fe80::1%eth0-fe80::9%eth0", `"fe80::1%eth0-fe80::9%eth0": a range cannot have a zone`},
	{"fe80::1-fe80::9%eth0", `"fe80::1-fe80::9%eth0" is not an IP address`},
	{"fe80::1%", `"fe80::1%" is not an IP address`},
	{"fd00::1%eth0", `"fd00::1%eth0": only a link-local IPv6 address can have a zone`},
	{"fe80::1", `"fe80::1": a link-local address needs a zone, the interface that leads to it, as in fe80::1%eth0`},
	{"10.0.0.1%eth0", `"10.0.0.1%eth0" is not an IP address`},
}

func TestParseSourcesRefuses(t *testing.T) {
	for _, c := range badSources {
		got, err := parseSources(c.in)
		if err == nil {
			t.Errorf("%q was parsed as %d addresses, want an error", c.in, len(got))
			continue
		}
		if want := c.want + ": must be a list such as"; !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", c.in, err, want)
		}
	}
	if _, err := parseSources(strings.Repeat("x", 1000)); len(err.Error()) > 300 {
		t.Errorf("the error has %d characters, want at most 300", len(err.Error()))
	}
}

// TestTesteeIsOfTheSourcesFamily resolves names and addresses with sources.
func TestTesteeIsOfTheSourcesFamily(t *testing.T) {
	for _, c := range []struct{ url, source, answer, want string }{
		{"ws://localhost:9/", "127.0.0.2", "::1 127.0.0.1", "127.0.0.1:9"},
		{"ws://localhost:9/", "::1", "127.0.0.1 ::1", "[::1]:9"},
		{"ws://localhost:9/", "127.0.0.2", "::1 ::ffff:127.0.0.1", "127.0.0.1:9"},
		{"ws://localhost:9/", "::1", "127.0.0.1", `host name "localhost" has no IPv6 address, and --source ::1 is one: must be of one family`},
		{"ws://localhost:9/", "127.0.0.2", "::1", `host name "localhost" has no IPv4 address, and --source 127.0.0.2 is one: must be of one family`},
		{"ws://[::1]:9/", "::1", "", "[::1]:9"},
		{"ws://[::ffff:127.0.0.1]:9/", "127.0.0.2", "", "127.0.0.1:9"},
		{"ws://[::1]:9/", "127.0.0.2", "", "--source 127.0.0.2 is IPv4, the testee's address ::1 is IPv6: must be of one family"},
		{"", "::1", "", "--source ::1 is IPv6, the testee's address 127.0.0.1 is IPv4: must be of one family"},
	} {
		o := Default()
		o.URL, o.Sources = c.url, []string{c.source}
		got := ""
		if j, err := New(o); err != nil {
			got = err.Error()
		} else if addr, err := j.Resolve(t.Context(), answer(nil, strings.Fields(c.answer)...)); err != nil {
			got = err.Error()
		} else {
			got = addr.String()
		}
		if got != c.want {
			t.Errorf("%s from %s: %s, want %s", c.url, c.source, got, c.want)
		}
	}
}
