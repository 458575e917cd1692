package job

import (
	"bytes"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"wsperf/handshake"
	"wsperf/stats"
)

var (
	// A name is that of a credential if it contains one of inSecretNames, or if one of its
	// parts is in secretParts. README.md lists both. Case and the marks between parts do not
	// matter for inSecretNames: api_key and Api-Key contain apikey.
	inSecretNames = []string{"authoriz", "authentic", "token", "cookie", "secret", "passw", "passphrase", "credential",
		"apikey", "accesskey", "privatekey", "session", "signature", "jwt", "bearer"}
	// secretParts must be whole parts, because "monkey" contains "key", and "author" "auth".
	secretParts = []string{"auth", "key", "sig", "pass", "pwd", "sid", "ticket"}

	// webToken is a JSON Web Token: its first part begins with {" in base64url (RFC 7519 section 3).
	webToken = pattern(`eyJ[\w-]{5,}\.[\w.-]+`)
	// scheme is that of an Authorization header (RFC 9110 section 11.4), in one of another name.
	scheme = pattern(`(?i)^(bearer|basic|digest|negotiate)\s+\S`)
	// userinfo stands before the host (RFC 3986 section 3.2.1), which may lack the scheme.
	userinfo = pattern(`^(\w[\w+.-]*://)?([^/?#\s]*)@`)
	// parameter is one of a query, in which a space needs no escape from the user; ; separates as & does for some servers.
	parameter = pattern(`[?&;]([^=&;#?\r\n]+)=([^&;#\r\n]+)`)
	// field is a header of a reply.
	field = pattern(`(?m)^([\w-]+):[ \t]*([^\r\n]+)`)
)

// pattern compiles a regular expression at its first use: most calls of the program use none.
func pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

const (
	mask = "***"
	// leastHidden is the length of the shortest secret that is looked for in free text:
	// a shorter one is found by chance.
	leastHidden = 4
)

// isSecret reports whether a header or parameter of that name carries a credential.
func isSecret(name string) bool {
	if plain, err := url.QueryUnescape(name); err == nil {
		name = plain
	}
	name = strings.ToLower(name)
	isMark := func(r rune) bool { return strings.ContainsRune("-_.[] ", r) }
	parts := strings.FieldsFunc(name, isMark)
	joined := strings.Join(parts, "")
	return slices.ContainsFunc(inSecretNames, func(s string) bool { return strings.Contains(joined, s) }) ||
		slices.ContainsFunc(parts, func(p string) bool { return slices.Contains(secretParts, p) })
}

// Mask writes an argument that an error repeats without the credentials in it.
func Mask(argument string) string {
	name, _, cut := strings.Cut(argument, " ")
	if cut && isSecret(strings.TrimSuffix(name, ":")) {
		return name + " " + mask
	}
	return new(masker).url(argument)
}

// masker writes options without their credentials, and remembers those.
type masker struct{ hidden []string }

// hide remembers a secret, and the form that the request target has of it.
func (m *masker) hide(secret string) string {
	if len(secret) >= leastHidden {
		m.hidden = append(m.hidden, secret)
		if escaped := handshake.Escape(secret); escaped != secret {
			m.hidden = append(m.hidden, escaped)
		}
	}
	return mask
}

// setup masks the part of the options that a result repeats.
func (m *masker) setup(s stats.Setup, headers []handshake.Header) stats.Setup {
	s.URL, s.Origin, s.Subprotocols, s.Headers = m.url(s.URL), m.url(s.Origin), m.subprotocols(s.Subprotocols), nil
	for _, h := range headers {
		s.Headers = append(s.Headers, m.header(h))
	}
	return s
}

// url masks userinfo, secret parameters and web tokens. The rest stays as it is.
func (m *masker) url(text string) string {
	if at := userinfo().FindStringSubmatchIndex(text); at != nil && at[4] < at[5] { // before the @ of --start-at @FILE there is nothing
		text = text[:at[4]] + m.hide(text[at[4]:at[5]]) + text[at[5]:]
	}
	text = parameter().ReplaceAllStringFunc(text, func(p string) string {
		name, value, _ := strings.Cut(p, "=")
		if !isSecret(name[1:]) {
			return p
		}
		return name + "=" + m.hide(value)
	})
	return webToken().ReplaceAllStringFunc(text, m.hide)
}

func (m *masker) header(h handshake.Header) string {
	value := h.Value
	switch end := scheme().FindStringIndex(value); {
	case isSecret(h.Name):
		value = m.hide(value)
	case end != nil:
		value = value[:end[1]-1] + m.hide(value[end[1]-1:])
	default:
		value = m.url(value)
	}
	return h.Name + ": " + value
}

// k8sBearer is the prefix of a token for the Kubernetes API server
// (k8s.io/apiserver, authentication/request/websocket).
const k8sBearer = "base64url.bearer.authorization.k8s.io."

// subprotocols masks what follows a secret name within a subprotocol, or in the next
// one: browsers can send a token in no other header.
func (m *masker) subprotocols(offered []string) []string {
	masked, nameBefore := slices.Clone(offered), false
	for i, p := range offered {
		name, secret := splitSubprotocol(p)
		switch {
		case nameBefore:
			masked[i] = m.hide(p)
		case secret != "":
			masked[i] = name + m.hide(secret)
		default:
			masked[i] = webToken().ReplaceAllStringFunc(p, m.hide)
		}
		nameBefore = !nameBefore && secret == "" && isSecret(p)
	}
	return masked
}

// splitSubprotocol cuts a subprotocol after the first secret name in it, which may have
// several parts. Without one, nothing is secret.
func splitSubprotocol(p string) (name, secret string) {
	if strings.HasPrefix(p, k8sBearer) {
		return k8sBearer, p[len(k8sBearer):]
	}
	end := 0
	for at := 0; at < len(p); {
		next := len(p)
		if i := strings.IndexAny(p[at:], ".-|"); i >= 0 {
			next = at + i + 1
		}
		isName := isSecret(strings.TrimRight(p[at:next], ".-|"))
		if end > 0 && !isName {
			return p[:end], p[end:]
		}
		if isName {
			end = next
		}
		at = next
	}
	return p, ""
}

// reply masks in a testee's reply the secrets that it was sent, and its own.
func (m *masker) reply(r stats.Reply) stats.Reply {
	text := r.Bytes
	for _, secret := range m.hidden {
		text = bytes.ReplaceAll(text, []byte(secret), []byte(mask))
	}
	text = field().ReplaceAllFunc(text, maskField)
	r.Total += len(text) - len(r.Bytes)
	r.Bytes = text[:min(len(text), stats.MaxReplyBytes)]
	return r
}

// maskField leaves a line without secrets as it was sent, to the last space.
func maskField(line []byte) []byte {
	name, value, _ := strings.Cut(string(line), ":")
	h := handshake.Header{Name: name, Value: strings.TrimSpace(value)}
	if masked := new(masker).header(h); masked != h.Name+": "+h.Value {
		return []byte(masked)
	}
	return line
}

// error hides the secrets in the text of an error.
func (m *masker) error(err error) error {
	text := err.Error()
	for _, secret := range m.hidden {
		quoted := strconv.Quote(secret)
		text = strings.ReplaceAll(strings.ReplaceAll(text, secret, mask), quoted[1:len(quoted)-1], mask)
	}
	if text == err.Error() {
		return err
	}
	return maskedError{text, err}
}

type maskedError struct {
	text string
	err  error
}

func (e maskedError) Error() string { return e.text }
func (e maskedError) Unwrap() error { return e.err }
