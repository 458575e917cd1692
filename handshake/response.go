package handshake

import (
	"bytes"
	"slices"
)

// Bounds of a response head in Rules made by NewRules. Both are ours: large
// enough for what servers and proxies send, small enough for a fixed buffer.
const (
	DefaultMaxBytes   = 16 << 10
	DefaultMaxHeaders = 128
)

// Rules say what a response must fulfil. They are never changed during a run:
// all parsers share them.
type Rules struct {
	Subprotocols []string // those that were asked for
	MaxBytes     int      // of the whole head in bytes, skipped 1xx heads included; 1 or more
	MaxHeaders   int      // header lines, those of skipped 1xx heads included; 0 or more
}

// NewRules returns rules with the default bounds.
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

// verdict is the outcome so far, a number because a slot holds no pointers.
type verdict uint8

const (
	pending verdict = iota
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

var verdictErrors = [...]error{
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
// It judges whole lines, in order, so its verdict is the same however the bytes
// were cut. Two things are judged earlier, byte by byte: a status line that
// cannot become one any more (another protocol's banner may never end its
// line), and the bound of bytes.
type Parser struct {
	lineAt    uint32 // where the current line begins
	scanned   uint32 // the current line has no LF before this offset
	headers   uint32 // header lines so far
	status    uint16 // of the last status line
	part      part
	verdict   verdict
	seen      seen
	connected bool // a Connection header had the token upgrade
}

// Reset makes the parser ready for another response.
func (p *Parser) Reset() { *p = Parser{} }

// Status returns the status code of the last whole and well-formed status line,
// 100 to 599, or 0 when there was none yet.
func (p *Parser) Status() int { return int(p.status) }

// Parse looks at buf, which begins at the first byte of the response and only
// grows between calls; its address may change. With n > 0 the head of the 101
// response is n bytes long and valid, and frames follow it. With n == 0 and no
// error more bytes are needed. Otherwise err is one of the Err values of this package that
// name the response, and stays until Reset.
func (p *Parser) Parse(rules *Rules, key *Key, buf []byte) (n int, err error) {
	head := buf[:min(len(buf), rules.MaxBytes)]
	for p.verdict == pending {
		lf := bytes.IndexByte(head[p.scanned:], '\n')
		if lf < 0 {
			p.verdict = p.judgePartial(head, rules.MaxBytes)
			p.scanned = uint32(len(head))
			break
		}
		end := p.scanned + uint32(lf) + 1
		p.verdict = p.judgeLine(rules, key, head[p.lineAt:end])
		p.lineAt, p.scanned = end, end
	}
	return p.outcome()
}

func (p *Parser) outcome() (n int, err error) {
	if p.verdict == valid {
		return int(p.lineAt), nil
	}
	return 0, verdictErrors[p.verdict]
}

// judgePartial judges what can be known of a line that has no end yet.
func (p *Parser) judgePartial(head []byte, maxBytes int) verdict {
	line := head[p.lineAt:]
	known := min(len(line), len(statusPrefix))
	switch {
	case p.part == partStatus && string(line[:known]) != statusPrefix[:known]:
		return malformed
	case len(head) == maxBytes:
		return tooLarge
	}
	return pending
}

// judgeLine judges a line that ends with LF. Only CRLF ends a line for us: RFC
// 7230 section 3.5 lets a recipient accept a lone LF, and does not ask for it.
func (p *Parser) judgeLine(rules *Rules, key *Key, line []byte) verdict {
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

// statusLine judges the first line of a head. A final status other than 101 is
// the verdict at once; other 1xx are interim responses that any request may get
// (RFC 7231 section 6.2).
func (p *Parser) statusLine(line []byte) verdict {
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

func (p *Parser) headerLine(rules *Rules, key *Key, line []byte) verdict {
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

func (p *Parser) headEnded() verdict {
	if p.part == partInterim {
		p.part = partStatus
		return pending
	}
	return p.complete()
}
