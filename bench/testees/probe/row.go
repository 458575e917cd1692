package main

import (
	"crypto/tls"
	"fmt"
	"strings"
)

// row is a row of the README's table.
func (o *observation) row(name string) string {
	return "| " + strings.Join([]string{
		"`" + name + "`",
		o.version(),
		tls.CipherSuiteName(o.state.CipherSuite) + ", " + o.state.CurveID.String(),
		o.resumed.share(),
		o.full.tickets(),
		o.resumed.tickets(),
		map[bool]string{true: "yes", false: "no"}[o.again],
		o.end,
	}, " | ") + " |"
}

func (s *series) share() string {
	switch s.resumed {
	case 0:
		return "none"
	case s.conns:
		return "all"
	}
	return fmt.Sprintf("%d of %d", s.resumed, s.conns)
}

func (s *series) tickets() string {
	if s.least == s.most {
		return fmt.Sprint(s.most)
	}
	return fmt.Sprintf("%d to %d", s.least, s.most)
}

// resets says how often RST came in place of FIN to those that answered close_notify at once.
func (o *observation) resets(name string) string {
	return fmt.Sprintf("%s: TLS %s: RST in place of FIN in %d of %d connections that answered close_notify at once",
		name, o.version(), o.full.resets+o.resumed.resets, o.full.conns+o.resumed.conns)
}

func (o *observation) version() string {
	return strings.TrimPrefix(tls.VersionName(o.state.Version), "TLS ")
}

func (e end) String() string {
	var s []string
	if e.silent {
		s = append(s, "nothing until ours")
	}
	if e.notified {
		s = append(s, "close_notify")
	}
	last := "FIN"
	if e.reset {
		last = "RST"
	}
	if e.waited && !e.silent {
		last += " after ours"
	}
	return strings.Join(append(s, last), ", ")
}
