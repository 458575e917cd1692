package file

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

// TestTLSInTheFile: a wss:// result has the keys of TLS, and they follow its schema.
func TestTLSInTheFile(t *testing.T) {
	text := write(t, example.Secure())
	for _, want := range []string{
		`"tls":{"versions":{"TLS 1.2":3,"TLS 1.3":160},"groups":{"CurveP256":7,"X25519":153},"suites":{"TLS_AES_128_GCM_SHA256":160,"TLS_RSA_WITH_AES_128_GCM_SHA256":3},`,
		`"resumed":50,"tried":60,"hello_retry_requests":7,"alerts":{"bad_certificate":3,"certificate_required":2,"other":1}}`,
		`"connect":{"success":{"count":158,`, `"secure":{"success":{"count":108,`, `"secure_resumed":{"success":{"count":50,`,
		`"secure_alert":5,`, `"secure_version":1,"open_timeout":0,`, `"secure_timeout_us":5000000,"tls":{"cacert":"ca.pem","insecure":true,"cert":"client.pem","key":"client.key","min":"1.2","max":"1.3",`,
		`"groups":["X25519","P-256"],"resume_percent":50,"sni":"testee.example","alpn":["http/1.1"],"keylog":"keys.log"},`,
		`"collection_pause_us":1400,"collection_cpu_us":91000,`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	var file any
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	checkNamed(t, "", compileSchema(t), file)
}

// TestNoTLSInTheFileOfAPlainRun: a ws:// result has no key of TLS at all.
func TestNoTLSInTheFileOfAPlainRun(t *testing.T) {
	for name, r := range map[string]*stats.Result{"plain": example.Plain(), "full": example.Full(), "intervals": example.Intervals()} {
		text := string(write(t, r))
		for _, unwanted := range []string{"secure", `"tls`, "collection_"} {
			if strings.Contains(text, unwanted) {
				t.Errorf("%s: the file has %s", name, unwanted)
			}
		}
	}
}

// TestTLSWithoutAHandshake: a wss:// run that met nobody has all keys, with zeros.
func TestTLSWithoutAHandshake(t *testing.T) {
	r := example.Failed()
	r.Setup.URL = "wss://127.0.0.1:9000/"
	text := string(write(t, r))
	for _, want := range []string{`"tls":{"versions":{},"groups":{},"suites":{},"resumed":0,"tried":0,"hello_retry_requests":0,"alerts":{}}`, `"secure_eof":0`, `"secure":{"success":{"count":0`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

func TestSchemaRefusesTLS(t *testing.T) {
	schema, text := compileSchema(t), string(write(t, example.Secure()))
	for old, spoilt := range map[string]string{
		`"TLS 1.2":3`: `"TLS 1.2":-3`, `"CurveP256":7`: `"":7`, `"X25519":153`: `"X\u001b25519":153`, `"tried":60`: `"tired":60`,
		`"alerts":{"bad_certificate":3,"certificate_required":2,"other":1}`: `"alerts":null`,
		`"resume_percent":50`: `"resume_percent":101`, `"alpn":["http/1.1"]`: `"alpn":"http/1.1"`, `"secure":{"success"`: `"secure":{"successes"`,
		`"collection_cpu_us":91000`: `"collection_cpu_us":-1`,
	} {
		changed := strings.Replace(text, old, spoilt, 1)
		if changed == text {
			t.Fatalf("no %s in the file", old)
		}
		if validate(schema, []byte(changed)) == nil {
			t.Errorf("the schema accepts %s", spoilt)
		}
	}
}

func TestReadRefusesTLS(t *testing.T) {
	text := string(write(t, example.Secure()))
	for _, c := range []struct{ old, new, want string }{
		{`"TLS 1.2":3`, `"TLS 1.2":4`, "TLS handshakes by version (164)"},
		{`"TLS 1.2":3`, `"TLS\u001b1.2":3`, "printable ASCII"},
		{`"TLS 1.2":3`, `"TLS 1.2":-3`, "key \"tls\""},
		{`"CurveP256":7`, `"CurveP256":562949953421312`, `key "tls.groups.CurveP256": 562949953421312 is out of range`},
		{`"resume_percent":50`, `"resume_percent":101`, "out of range"},
		{`"tls":{"versions"`, `"lts":{"versions"`, "TLS handshakes by version (0)"},
	} {
		changed := strings.Replace(text, c.old, c.new, 1)
		if changed == text {
			t.Fatalf("no %s in the file", c.old)
		}
		if _, err := Read(bytes.NewReader([]byte(changed))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.new, err, c.want)
		}
	}
}
