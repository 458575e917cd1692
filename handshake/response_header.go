package handshake

import (
	"bytes"
	"slices"
)

// statusPrefix: RFC 6455 section 4.2.2 allows a server no version but HTTP/1.1. The
// version is case-sensitive (RFC 7230 section 2.6).
const statusPrefix = "HTTP/1.1 "

// parseStatusLine parses a line without its CRLF (RFC 7230 section 3.1.2). The space
// before an empty reason may be missing: some servers omit it. The first digit is 1
// to 5 (RFC 7231 section 6).
func parseStatusLine(line []byte) (status uint16, ok bool) {
	const size = len(statusPrefix) + 3
	if len(line) < size || string(line[:len(statusPrefix)]) != statusPrefix {
		return 0, false
	}
	for _, c := range line[len(statusPrefix):size] {
		if c < '0' || c > '9' {
			return 0, false
		}
		status = status*10 + uint16(c-'0')
	}
	reason := line[size:]
	if len(reason) > 0 && reason[0] != ' ' || !isAll(reason, classText) {
		return 0, false
	}
	return status, 100 <= status && status <= 599
}

// cutHeader splits a header line without its CRLF (RFC 7230 section 3.2). It refuses
// white space before the colon and folded lines (section 3.2.4): their names are not
// tokens.
func cutHeader(line []byte) (name, value []byte, ok bool) {
	colon := prefixOf(line, classToken)
	if colon == 0 || colon == len(line) || line[colon] != ':' {
		return nil, nil, false
	}
	value = line[colon+1:]
	return line[:colon], trimOWS(value), isAll(value, classText)
}

// seen is a set of headers that have been received.
type seen uint8

const (
	seenUpgrade seen = 1 << iota
	seenAccept
	seenSubprotocol
)

// first adds a header to the set, and reports whether it was not in it before.
func (s *seen) first(h seen) bool {
	repeated := *s&h != 0
	*s |= h
	return !repeated
}

// header checks one header of the 101 response. Most others differ from the names
// here in length, which equalFold compares first.
func (p *Parser) header(rules *Rules, key *Key, name, value []byte) outcome {
	switch {
	case equalFold(name, "upgrade"):
		return p.upgrade(value)
	case equalFold(name, "connection"):
		p.connected = p.connected || hasUpgrade(value)
	case equalFold(name, "sec-websocket-accept"):
		return p.accept(key, value)
	case equalFold(name, "sec-websocket-protocol"):
		return p.subprotocol(rules, value)
	case equalFold(name, "sec-websocket-extensions") && len(value) > 0:
		return badExtension // none is ever offered
	}
	return pending
}

// upgrade: the value must be "an ASCII case-insensitive match for the value
// "websocket"" (RFC 6455 section 4.1, check 2), so a list is refused.
func (p *Parser) upgrade(value []byte) outcome {
	if !equalFold(value, "websocket") {
		return badUpgrade
	}
	p.seen |= seenUpgrade
	return pending
}

// hasUpgrade reports whether a list has the token upgrade (RFC 7230 section 7).
func hasUpgrade(list []byte) bool {
	for {
		comma := bytes.IndexByte(list, ',')
		if comma < 0 {
			return equalFold(trimOWS(list), "upgrade")
		}
		if equalFold(trimOWS(list[:comma]), "upgrade") {
			return true
		}
		list = list[comma+1:]
	}
}

// accept: the header must not appear more than once (RFC 6455 section 11.3.3).
func (p *Parser) accept(key *Key, value []byte) outcome {
	var want [28]byte
	key.Accept(&want)
	if !p.seen.first(seenAccept) || string(value) != string(want[:]) {
		return badAccept
	}
	return pending
}

// subprotocol: the header must not appear more than once (RFC 6455 section 11.3.4)
// and must name a requested subprotocol. Names are case-sensitive.
func (p *Parser) subprotocol(rules *Rules, value []byte) outcome {
	requested := slices.ContainsFunc(rules.Subprotocols, func(s string) bool { return s == string(value) })
	if !p.seen.first(seenSubprotocol) || !requested {
		return badSubprotocol
	}
	return pending
}

// complete checks, at the blank line that ends the 101 head, that no header is missing.
func (p *Parser) complete() outcome {
	switch {
	case p.seen&seenUpgrade == 0:
		return badUpgrade
	case !p.connected:
		return badConnection
	case p.seen&seenAccept == 0:
		return badAccept
	}
	return valid
}
