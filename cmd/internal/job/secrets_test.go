package job

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"wsperf/stats"
)

// TestSecretsAreMasked checks credentials in URLs and headers.
func TestSecretsAreMasked(t *testing.T) {
	const secret = "s3cr3t"
	urls := map[string]string{
		"ws://h/?token=s3cr3t":                               "ws://h/?token=***",
		"ws://h/p?room=1&access_token=s3cr3t&x=2":            "ws://h/p?room=1&access_token=***&x=2",
		"ws://h/?%74oken=s3cr3t":                             "ws://h/?%74oken=***",
		"ws://h/?apiKey=s3cr3t;b=1":                          "ws://h/?apiKey=***;b=1",
		"ws://h/?X-Amz-Signature=s3cr3t":                     "ws://h/?X-Amz-Signature=***",
		"ws://h/?author=me&monkey=1&keyboard=us&token=":      "ws://h/?author=me&monkey=1&keyboard=us&token=",
		"ws://h/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.s3cr3t/ws": "ws://h/***/ws",
		"ws://h/?token=a b s3cr3t&x=2":                       "ws://h/?token=***&x=2",
		"ws://h/?access token=s3cr3t":                        "ws://h/?access token=***",
		"https://u:s3cr3t@h":                                 "https://***@h",
		"@folder/begin":                                      "@folder/begin",
	}
	for in, want := range urls {
		if got := new(masker).url(in); got != want || strings.Contains(got, secret) {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"x-api-key: s3cr3t":                       "x-api-key: ***",
		"AUTHORIZATION: Basic s3cr3t":             "AUTHORIZATION: ***",
		"cookie: id=7":                            "cookie: ***",
		"Sec-Auth: s3cr3t":                        "Sec-Auth: ***",
		"X-Forwarded: Bearer s3cr3t":              "X-Forwarded: Bearer ***",
		"Referer: https://u:s3cr3t@h/?sid=s3cr3t": "Referer: https://***@h/?sid=***",
		"X-Mode: basics":                          "X-Mode: basics",
	} {
		if got := new(masker).header(parseHeaders([]string{in})[0]); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestSubprotocolsAreMasked(t *testing.T) {
	for _, c := range []struct{ offered, want []string }{
		{[]string{"chat", "graphql-transport-ws", "ocpp1.6", "v4.channel.k8s.io"}, []string{"chat", "graphql-transport-ws", "ocpp1.6", "v4.channel.k8s.io"}},
		{[]string{"bearer.a.b.c"}, []string{"bearer.***"}},
		{[]string{"base64url.bearer.authorization.k8s.io.QUJD", "v4"}, []string{"base64url.bearer.authorization.k8s.io.***", "v4"}},
		{[]string{"access_token", "QUJD", "chat"}, []string{"access_token", "***", "chat"}},
		{[]string{"x-api-key.QUJD"}, []string{"x-api-key.***"}},
		{[]string{"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.QUJD"}, []string{"***"}},
	} {
		m := masker{}
		if got := m.subprotocols(c.offered); !slices.Equal(got, c.want) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestDescribeMasksReplies is about a testee that repeats a token that it was sent.
func TestDescribeMasksReplies(t *testing.T) {
	o := full()
	o.URL, o.Subprotocols = "ws://127.0.0.1/?token=QUJDREVG", []string{"bearer.R0hJSktM"}
	for _, keep := range []bool{false, true} {
		o.KeepSecrets = keep
		j, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		r := &stats.Result{}
		text := "HTTP/1.1 403 no\r\nSet-Cookie: a=b\r\nSec-WebSocket-Protocol: bearer.R0hJSktM\r\n\r\ntoken QUJDREVG is bad"
		r.Replies[0] = []stats.Reply{{Bytes: []byte(text), Total: len(text)}}
		j.Describe(r)
		all := fmt.Sprintf("%+v %s", r.Setup, r.Replies[0][0].Bytes)
		for _, secret := range []string{"QUJDREVG", "R0hJSktM", "id=7", "a=b"} {
			if strings.Contains(all, secret) != keep {
				t.Errorf("keep %v: %q in %s", keep, secret, all)
			}
		}
	}
}

// TestRepliesHideEscapedSecrets is about a testee that repeats the request target, in
// which a token is escaped.
func TestRepliesHideEscapedSecrets(t *testing.T) {
	o := full()
	o.URL = "ws://127.0.0.1/?token=geheim\u00fc 1"
	j, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("no such resource: /?token=geheim%C3%BC%201")
	r := &stats.Result{}
	r.Replies[0] = []stats.Reply{{Bytes: text, Total: len(text)}}
	j.Describe(r)
	if got, want := string(r.Replies[0][0].Bytes), "no such resource: /?token=***"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestErrorsHideSecrets gives wrong options whose errors repeat their value.
func TestErrorsHideSecrets(t *testing.T) {
	for _, spoil := range []func(*Options){
		func(o *Options) { o.URL = "h/?token=s3cr3t" },
		func(o *Options) { o.URL = "u:s3cr3t@h/" },
		func(o *Options) { o.URL = "ws:///?token=s3cr3t" },
		func(o *Options) { o.URL = "ws://h/?token=s3cr3t#a" },
		func(o *Options) { o.URL = "ws://u:s3cr3t/x@h/" },
		func(o *Options) { o.URL = "ws://h/?token=s3cr3t%zz" },
		func(o *Options) { o.Headers = []string{"Authorization: Bearer s3cr3t\x01"} },
		func(o *Options) { o.Subprotocols = []string{"bearer.s3cr3t=="} },
	} {
		o := full()
		spoil(&o)
		if _, err := New(o); err == nil || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%q %q %q: %v", o.URL, o.Headers, o.Subprotocols, err)
		}
	}
}

func TestMask(t *testing.T) {
	for in, want := range map[string]string{
		"ws://h/?token=abc":      "ws://h/?token=***",
		"Authorization Bearer x": "Authorization ***",
		"chat room":              "chat room",
	} {
		if got := Mask(in); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestRepliesWithoutSecretsStay keeps the bytes that show what was wrong with a reply.
func TestRepliesWithoutSecretsStay(t *testing.T) {
	text := "HTTP/1.1 101 x\r\nUpgrade:websocket \r\nConnection:  Upgrade\n\x00\xff: a"
	for _, c := range []struct{ in, want stats.Reply }{
		{stats.Reply{Bytes: []byte(text), Total: 900}, stats.Reply{Bytes: []byte(text), Total: 900}},
		{stats.Reply{Bytes: []byte("sid: 1"), Total: 6}, stats.Reply{Bytes: []byte("sid: ***"), Total: 8}},
	} {
		if got := new(masker).reply(c.in); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q of %d, want %q of %d", got.Bytes, got.Total, c.want.Bytes, c.want.Total)
		}
	}
}
