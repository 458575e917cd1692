//go:build browser

package browser

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"wsperf/bench/program"
	"wsperf/engine/child"
)

var programs program.Builder

// chromium is the context of the browser, in which each page has a tab.
var chromium context.Context

// perTab bounds what a test does with a page.
const perTab = time.Minute

func TestMain(m *testing.M) {
	if out, err := exec.Command("./install").CombinedOutput(); err != nil {
		fmt.Printf("SKIPPED: bench/browser: the browser could not be installed: %v\n%s", err, out)
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.NoSandbox)
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	chromium, stop = chromedp.NewContext(ctx)
	defer stop()
	if err := chromedp.Do(chromium, chromedp.Navigate("about:blank")); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	programs.Main(m)
}

// tab is a page in the browser.
type tab struct {
	ctx context.Context

	mu   sync.Mutex
	said []string // on its console
}

// open shows a file, after what is to be done before.
func open(t *testing.T, path string, before ...chromedp.Action[chromedp.Void]) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(chromium)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, perTab)
	t.Cleanup(cancel)
	p := &tab{ctx: ctx}
	do(t, p, chromedp.EmulateViewport(1280, 900))
	do(t, p, before...)
	if err := chromedp.Listen(ctx, p.heard); err != nil {
		t.Fatal(err)
	}
	do(t, p, chromedp.Navigate((&url.URL{Scheme: "file", Path: path}).String()))
	return p
}

// heard notes what a page writes to its console, and scripts that failed.
func (p *tab) heard(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		p.said = append(p.said, fmt.Sprint(e.Type, e.Args))
	case *runtime.EventExceptionThrown:
		p.said = append(p.said, e.ExceptionDetails.Text)
	}
}

// quiet checks that the page has said nothing.
func (p *tab) quiet(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.said) > 0 {
		t.Errorf("on the console: %q", p.said)
	}
}

func do(t *testing.T, p *tab, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// eval returns the value of an expression, of a promise when it is kept.
func eval[T any](t *testing.T, p *tab, expression string) T {
	t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%.200s: %v", expression, err)
	}
	return v
}

func emulated(scheme string) chromedp.Action[chromedp.Void] { return media("", scheme) }

// media shows a page as on a medium, for a user who prefers a colour scheme.
func media(medium, scheme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Media: medium, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	})
}

// made are pages that wsperf has written.
type made struct{ compared, ten, single, secure, hostile string }

func (m *made) all() map[string]string {
	return map[string]string{"compared": m.compared, "ten": m.ten, "single": m.single, "secure": m.secure, "hostile": m.hostile}
}

var (
	once  sync.Once
	files *made
)

// pages measures three testees, and writes pages of that: once for all tests.
func pages(t *testing.T) *made {
	t.Helper()
	once.Do(func() { files = makePages(t) })
	if files == nil {
		t.Fatal("there are no pages")
	}
	return files
}

func makePages(t *testing.T) *made {
	folder := filepath.Join(filepath.Dir(programs.Wsperf(t)), "pages")
	if err := os.MkdirAll(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	m := &made{}
	for name, path := range map[string]*string{"compared": &m.compared, "ten": &m.ten, "single": &m.single, "secure": &m.secure, "hostile": &m.hostile} {
		*path = filepath.Join(folder, name+".html")
	}
	results := filepath.Join(folder, "results")
	args := []string{"compare", "--rounds", "6", "--duration", "400ms", "--warmup-conns", "50", "--interval", "50ms", "--cooling", "0s", "--quiet", "--out", results, "--html", m.compared}
	for i, name := range []string{"gull", "heron", "swift"} {
		at := fmt.Sprintf("127.31.9.1:%d", 9101+i)
		args = append(args, fmt.Sprintf("%s='%s' testee --listen %s --loops 1@ws://%s/", name, programs.Wsperf(t), at, at))
	}
	wsperf(t, args...)
	one := filepath.Join(results, "0001-closed.json")
	if all, err := filepath.Glob(filepath.Join(results, "0001-*.json")); err == nil && len(all) == 1 {
		one = all[0]
	}
	wsperf(t, "report", one, "--html", m.single)
	args = []string{"compare", "--html", m.ten}
	for i := range 10 {
		args = append(args, fmt.Sprintf("a-testee-%d=%s,%s", i, one, one))
	}
	wsperf(t, args...)
	url, cert := secureTestee(t)
	wsperf(t, "run", url, "--cacert", cert, "--tls-resume", "50%", "--duration", "1s", "--interval", "100ms", "--low", "10", "--high", "20", "--html", m.secure, "--quiet")
	wsperf(t, "run", "ws://"+hostile(t)+"/"+strings.Repeat("long", 60), "--conns", "20", "--loops", "1", "--low", "1", "--high", "2", "--html", m.hostile, "--quiet")
	return m
}

// wsperf runs it. A run in which all fails is one, too.
func wsperf(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command(programs.Wsperf(t), args...).CombinedOutput(); err != nil && !strings.Contains(string(out), "Causes of failure") {
		t.Fatalf("wsperf %v: %v\n%s", args, err, out)
	}
}

// secureTestee starts the built-in testee with TLS, and returns its URL and the file with its certificate. It
// ends with the test.
func secureTestee(t *testing.T) (url, cert string) {
	t.Helper()
	cert = filepath.Join(t.TempDir(), "testee.pem")
	testee, err := child.Start(child.Command{Path: programs.Wsperf(t), Args: []string{"wsperf", "testee", "--tls", "--listen", "127.0.0.1:0", "--loops", "1", "--cert-out", cert, "--exit-on-eof"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { testee.End(time.Second) })
	ctx, cancel := context.WithTimeout(t.Context(), perTab)
	defer cancel()
	line, err := testee.FirstLine(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(line, "listening on "), cert
}

// hostile is the address of a server whose every reply is markup.
func hostile(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = bufio.NewReader(c).ReadString('\n')
			_, _ = c.Write([]byte("HTTP/1.1 500 <script>document.title='pwned'</script>\r\nX: \"><img src=x onerror=document.title='pwned'>\r\nContent-Length: 0\r\n\r\n"))
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}
