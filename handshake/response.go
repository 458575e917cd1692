package handshake

import (
	"bytes"
	"slices"
)

// The limits of a response head in Rules made by NewRules. Both are ours: large
// enough for what servers and proxies send, small enough for a fixed buffer.
const (
	DefaultMaxBytes   = 16 << 10
	DefaultMaxHeaders = 128
)

// Rules are the requirements that a response must meet. They do not change during a
// run: all parsers share them.
type Rules struct {
	Subprotocols []string // those in the request
	MaxBytes     int      // of the whole head in bytes, skipped 1xx heads included; 1 or more
	MaxHeaders   int      // header lines, those of skipped 1xx heads included; 0 or more
}

// NewRules returns rules with the default limits.
func NewRules(subprotocols []string) *Rules {
	return &Rules{
		Subprotocols: slices.Clone(subprotocols),
		MaxBytes:     DefaultMaxBytes,
		MaxHeaders:   DefaultMaxHeaders,
	}
}

// part is the part of the response that the next line belongs to.
type part uint8

const (
	partStatus  part = iota // a status line comes next
	partInterim             // header lines of a 1xx response that is skipped
	partFinal               // header lines of the 101 response
)

// outcome is the result so far, a number because a slot holds no pointers.
type outcome uint8

const (
	pending outcome = iota
	valid
	malformed
	tooLarge
	badStatus
	badUpgrade
	badConnection
	badAccept
	badSubprotocol
	badExtension
)

var outcomeErrors = [...]error{
	malformed:      ErrMalformed,
	tooLarge:       ErrTooLarge,
	badStatus:      ErrStatus,
	badUpgrade:     ErrBadUpgrade,
	badConnection:  ErrBadConnection,
	badAccept:      ErrBadAccept,
	badSubprotocol: ErrBadSubprotocol,
	badExtension:   ErrBadExtension,
}

// Parser reads the response to one opening handshake. The zero value is ready.
//
// It checks complete lines, in order, so the outcome does not depend on where the
// bytes were split. Two checks do not wait for the end of a line: whether the bytes
// can still become a status line (another protocol's banner may never end its line),
// and the limit of bytes.
type Parser struct {
	lineAt    uint32 // where the current line begins
	scanned   uint32 // the current line has no LF before this offset
	headers   uint32 // header lines so far
	status    uint16 // of the last status line
	part      part
	outcome   outcome
	seen      seen
	connected bool // a Connection header had the token upgrade
}

// Reset makes the parser ready for another response.
func (p *Parser) Reset() { *p = Parser{} }

// Status returns the status code of the last complete and well-formed status line,
// 100 to 599, or 0 if there was none yet.
func (p *Parser) Status() int { return int(p.status) }

// Parse parses buf, which begins at the first byte of the response and only grows
// between calls; its address may change. n > 0: the 101 response is valid, and the
// frames begin after n bytes. n == 0 without an error: more bytes are needed. The
// errors are those that this package has for a response. The outcome stays until
// Reset.
func (p *Parser) Parse(rules *Rules, key *Key, buf []byte) (n int, err error) {
	limited := buf[:min(len(buf), rules.MaxBytes)]
	for p.outcome == pending {
		lf := bytes.IndexByte(limited[p.scanned:], '\n')
		if lf < 0 {
			p.outcome = p.checkPartial(limited[p.lineAt:], len(limited) == rules.MaxBytes)
			p.scanned = uint32(len(limited))
			break
		}
		end := p.scanned + uint32(lf) + 1
		p.outcome = p.parseLine(rules, key, limited[p.lineAt:end])
		p.lineAt, p.scanned = end, end
	}
	return p.result()
}

func (p *Parser) result() (n int, err error) {
	if p.outcome == valid {
		return int(p.lineAt), nil
	}
	return 0, outcomeErrors[p.outcome]
}

// checkPartial checks a line that has no end yet. full: the limit of bytes is reached.
func (p *Parser) checkPartial(line []byte, full bool) outcome {
	known := min(len(line), len(statusPrefix))
	switch {
	case p.part == partStatus && string(line[:known]) != statusPrefix[:known]:
		return malformed
	case full:
		return tooLarge
	}
	return pending
}

// parseLine parses a line that ends with LF. Only CRLF is accepted as its end: RFC
// 7230 section 3.5 allows a recipient to accept a lone LF but does not require it.
func (p *Parser) parseLine(rules *Rules, key *Key, line []byte) outcome {
	if len(line) < 2 || line[len(line)-2] != '\r' {
		return malformed
	}
	line = line[:len(line)-2]
	switch {
	case p.part == partStatus:
		return p.statusLine(line)
	case len(line) == 0:
		return p.headEnded()
	}
	return p.headerLine(rules, key, line)
}

// statusLine parses the first line of a head. A final status other than 101 ends the
// parsing; other 1xx are interim responses that any request may get (RFC 7231
// section 6.2).
func (p *Parser) statusLine(line []byte) outcome {
	status, ok := parseStatusLine(line)
	if !ok {
		return malformed
	}
	p.status = status
	switch {
	case status == 101:
		p.part = partFinal
	case status < 200:
		p.part = partInterim
	default:
		return badStatus
	}
	return pending
}

func (p *Parser) headerLine(rules *Rules, key *Key, line []byte) outcome {
	if p.headers++; int64(p.headers) > int64(rules.MaxHeaders) {
		return tooLarge
	}
	name, value, ok := cutHeader(line)
	switch {
	case !ok:
		return malformed
	case p.part == partInterim:
		return pending
	}
	return p.header(rules, key, name, value)
}

func (p *Parser) headEnded() outcome {
	if p.part == partInterim {
		p.part = partStatus
		return pending
	}
	return p.complete()
}
