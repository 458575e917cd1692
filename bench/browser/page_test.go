//go:build browser

package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// colouredPixels counts, for each plot that is drawn by uPlot, the pixels of a place in the palette. An
// edge of a line is mixed with what is behind it, so a pixel need not have the colour exactly.
const colouredPixels = `(place => {
	const probe = document.createElement("span");
	probe.className = "sample c" + place;
	document.body.append(probe);
	const [r, g, b] = getComputedStyle(probe).backgroundColor.match(/\d+/g).map(Number);
	probe.remove();
	return [...document.querySelectorAll(".live canvas")].map(canvas => {
		const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
		let n = 0;
		for (let i = 0; i < data.length; i += 4) {
			if (data[i + 3] > 200 && Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 40) n++;
		}
		return n;
	});
})(%d)`

func coloured(t *testing.T, tab *tab, place int) []int {
	t.Helper()
	return eval[[]int](t, tab, fmt.Sprintf(colouredPixels, place))
}

// TestEveryPlotIsDrawn: each testee has a line, dots or a bar of its colour in each plot.
func TestEveryPlotIsDrawn(t *testing.T) {
	for _, scheme := range []string{"light", "dark"} {
		tab := open(t, pages(t).compared, emulated(scheme))
		plots := eval[int](t, tab, `document.querySelectorAll("figure").length`)
		for testee := range 3 {
			pixels := coloured(t, tab, testee)
			if len(pixels) != plots || plots < 10 {
				t.Fatalf("%s: %d canvases of %d plots", scheme, len(pixels), plots)
			}
			for i, n := range pixels[:plots-1] { // the last one has the colours of phases
				if n < 30 {
					t.Errorf("%s: plot %d has %d pixels of testee %d", scheme, i+1, n, testee)
				}
			}
		}
		for phase := 1; phase <= 3; phase++ { // FIN takes nothing on loopback
			if n := coloured(t, tab, phase)[plots-1]; n < 1 && phase != 1 {
				t.Errorf("%s: the bars have %d pixels of phase %d", scheme, n, phase)
			}
		}
		tab.quiet(t)
	}
}

// TestSecure: a result over TLS has full and resumed handshakes in its plots and tables, and a section
// on what was negotiated.
func TestSecure(t *testing.T) {
	tab := open(t, pages(t).secure)
	said := eval[string](t, tab, `document.querySelector("#tls").parentElement.textContent`)
	for _, want := range []string{"TLS 1.3", "X25519", "TLS_AES_128_GCM_SHA256", "Resumed"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is missing in section TLS: %q", want, said)
		}
	}
	const first = 6 // in the palette
	for i, phase := range []string{"secure", "secure_resumed"} {
		if pixels := coloured(t, tab, first+i); pixels[0] < 30 {
			t.Errorf("phase %s has %v pixels in the plots", phase, pixels)
		}
		if n := eval[int](t, tab, fmt.Sprintf(`[...document.querySelectorAll("figure")].filter(f => f.textContent.includes(%q)).length`, phase)); n < 1 {
			t.Errorf("no plot has phase %s", phase)
		}
	}
	tab.quiet(t)
}

// TestNameHidesItEverywhere, by a click and by the keyboard, and shows it again.
func TestNameHidesItEverywhere(t *testing.T) {
	tab := open(t, pages(t).compared)
	before := coloured(t, tab, 1)
	off := func() bool {
		return eval[bool](t, tab, `document.querySelector("td[data-key='2']").parentElement.classList.contains("off")`)
	}
	do(t, tab, chromedp.Click(chromedp.CSS("#names button:nth-of-type(2)")))
	for i, n := range coloured(t, tab, 1)[:len(before)-1] {
		if n > 0 {
			t.Errorf("plot %d still has %d pixels of the second testee", i+1, n)
		}
	}
	for i, n := range coloured(t, tab, 0)[:len(before)-1] {
		if n == 0 {
			t.Errorf("plot %d has lost the first testee", i+1)
		}
	}
	if !off() || eval[string](t, tab, `document.querySelector("#names button:nth-of-type(2)").ariaPressed`) != "false" {
		t.Error("its row, or its button, does not show it")
	}
	do(t, tab, chromedp.Focus(chromedp.CSS("td[data-key='2'] button")), chromedp.KeyEvent("\r"))
	if after := coloured(t, tab, 1); fmt.Sprint(after) != fmt.Sprint(before) || off() {
		t.Errorf("after Enter on its name in the table, pixels %v, want %v", after, before)
	}
	do(t, tab, chromedp.Click(chromedp.CSS("#plot-4 .u-legend tr:nth-of-type(3) th")))
	if n := coloured(t, tab, 1)[0]; n > 0 {
		t.Errorf("after a click in the legend of another plot, the first one has %d pixels of it", n)
	}
	tab.quiet(t)
}

// TestPointerTellsValues in the legend of the plot under it.
func TestPointerTellsValues(t *testing.T) {
	tab := open(t, pages(t).compared)
	for plot := range eval[int](t, tab, `document.querySelectorAll("figure").length`) {
		x, y := middle(t, tab, fmt.Sprintf("#plot-%d .u-over", plot+1))
		do(t, tab, chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x, y))
		values := eval[[]string](t, tab, fmt.Sprintf(`[...document.querySelectorAll("#plot-%d .u-series:not(.spare) .u-value")].map(v => v.textContent)`, plot+1))
		if len(values) < 2 || values[0] == "" || strings.Join(values[1:], "") == "" {
			t.Errorf("plot %d tells %q", plot+1, values)
		}
	}
	tab.quiet(t)
}

// middle scrolls an element into view, and returns where its middle is.
func middle(t *testing.T, tab *tab, selector string) (x, y float64) {
	t.Helper()
	at := eval[[]float64](t, tab, fmt.Sprintf(`(e => { e.scrollIntoView({block: "center", behavior: "instant"}); const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })(document.querySelector(%q))`, selector))
	return at[0], at[1]
}

// picture is what a canvas shows.
func picture(t *testing.T, tab *tab, plot int) string {
	t.Helper()
	return eval[string](t, tab, fmt.Sprintf(`document.querySelector("#plot-%d canvas").toDataURL()`, plot))
}

// TestZoomAndAxes: dragging and the buttons zoom, and back; an axis becomes linear, and back.
func TestZoomAndAxes(t *testing.T) {
	tab := open(t, pages(t).compared)
	const plot = 4
	press := func(name string) chromedp.Action[chromedp.Void] {
		return chromedp.Click(chromedp.CSS(fmt.Sprintf("#plot-%d .tools button[aria-label^='%s']", plot, name)))
	}
	whole := picture(t, tab, plot)
	for _, step := range []struct {
		name      string
		do, undo  chromedp.Action[chromedp.Void]
		sameAgain bool
	}{
		{"the button +", press("Zoom in"), press("All of"), true},
		{"the button -", press("Zoom out"), press("All of"), true},
		{"the axis", press("Log y"), press("Log y"), true},
		{"dragging", drag(t, tab, fmt.Sprintf("#plot-%d .u-over", plot)), press("All of"), true},
	} {
		do(t, tab, step.do)
		if picture(t, tab, plot) == whole {
			t.Errorf("%s changes nothing", step.name)
		}
		do(t, tab, step.undo)
		if picture(t, tab, plot) != whole {
			t.Errorf("%s cannot be undone", step.name)
		}
	}
	tab.quiet(t)
}

// drag selects the middle of a plot with the pointer.
func drag(t *testing.T, tab *tab, selector string) chromedp.Action[chromedp.Void] {
	x, y := middle(t, tab, selector)
	return chromedp.DragAndDropXY(x-60, y-30, x+60, y+30, 5)
}

// TestTablesAreCopied in both forms.
func TestTablesAreCopied(t *testing.T) {
	tab := open(t, pages(t).compared)
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		if _, err := chromedp.CallBrowser(tab.ctx, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted,
		}); err != nil {
			t.Fatal(err)
		}
	}
	for i, begins := range []string{"| testee | rate | to ", "testee,rate,to "} {
		do(t, tab, chromedp.Click(chromedp.CSS(fmt.Sprintf("#results .copy button:nth-of-type(%d)", i+1))))
		do(t, tab, chromedp.WaitVisible(chromedp.CSS("#said:not(:empty)")))
		text := eval[string](t, tab, `navigator.clipboard.readText()`)
		if !strings.HasPrefix(text, begins) || strings.Count(text, "\n") < 4 {
			t.Errorf("copied\n%s", text)
		}
	}
	tab.quiet(t)
}

// TestFitsAPhone: at 360 pixels, nothing has to be scrolled sideways.
func TestFitsAPhone(t *testing.T) {
	for name, path := range pages(t).all() {
		tab := open(t, path, chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile))
		if wide := eval[int](t, tab, `document.scrollingElement.scrollWidth`); wide > 360 {
			t.Errorf("%s is %d pixels wide: %q", name, wide, eval[[]string](t, tab, `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > 361).slice(0, 8).map(e => e.tagName + "." + e.className + " " + e.getBoundingClientRect().right)`))
		}
		tab.quiet(t)
	}
}

// TestWithoutJavaScript there are the tables and the drawings, and no button that does nothing.
func TestWithoutJavaScript(t *testing.T) {
	tab := open(t, pages(t).compared, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
	sizes := eval[[]float64](t, tab, `[...document.querySelectorAll(".static svg")].map(s => s.getBoundingClientRect().height)`)
	if len(sizes) < 10 {
		t.Errorf("%d drawings", len(sizes))
	}
	for i, height := range sizes {
		if height < 100 {
			t.Errorf("drawing %d is %v pixels high", i+1, height)
		}
	}
	if n := eval[int](t, tab, `[...document.querySelectorAll("button")].filter(b => b.checkVisibility()).length`); n > 0 {
		t.Errorf("%d buttons", n)
	}
	if n := eval[int](t, tab, `document.querySelectorAll("table").length`); n < 2 {
		t.Errorf("%d tables", n)
	}
	tab.quiet(t)
}

// TestPrint: on paper there are the drawings, in dark colours on white.
func TestPrint(t *testing.T) {
	tab := open(t, pages(t).compared, emulated("dark"))
	pdf, err := chromedp.Run(tab.ctx, chromedp.PrintToPDF())
	if err != nil || !strings.HasPrefix(string(pdf), "%PDF-") || len(pdf) < 50_000 {
		t.Errorf("%d bytes: %v", len(pdf), err)
	}
	keep(t, "page.pdf", pdf)
	do(t, tab, media("print", "dark"))
	if shown := eval[[]bool](t, tab, `[".static svg", ".live", ".names", ".copy"].map(s => document.querySelector(s).checkVisibility())`); fmt.Sprint(shown) != "[true false false false]" {
		t.Errorf("drawing, live plot, names and buttons of copying are shown: %v", shown)
	}
	if colour := eval[string](t, tab, `getComputedStyle(document.body).backgroundColor`); colour != "rgb(255, 255, 255)" {
		t.Errorf("the paper is %s", colour)
	}
}

// TestAccessibility: axe-core finds no violation.
func TestAccessibility(t *testing.T) {
	axe, err := os.ReadFile("../work/browser/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	for name, path := range pages(t).all() {
		for _, scheme := range []string{"light", "dark"} {
			tab := open(t, path, emulated(scheme))
			eval[any](t, tab, string(axe)+"; null")
			eval[any](t, tab, `document.querySelectorAll("details").forEach(d => { d.open = true; }); null`)
			found := eval[[]string](t, tab, `axe.run().then(r => r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.map(n => n.html).slice(0, 3).join(" ; ")))`)
			for _, violation := range found {
				t.Errorf("%s, %s: %s", name, scheme, violation)
			}
		}
	}
}

// TestTesteeCannotRunAnything: what a testee replies, markup with scripts, is text.
func TestTesteeCannotRunAnything(t *testing.T) {
	tab := open(t, pages(t).hostile)
	if text := eval[string](t, tab, `document.querySelector("#causes pre").textContent`); !strings.Contains(text, "<script>document.title") {
		t.Errorf("the page shows %q", text)
	}
	if title := eval[string](t, tab, `document.title`); !strings.HasPrefix(title, "wsperf: ") {
		t.Errorf("title %q", title)
	}
	// The policy holds even if markup came through.
	eval[any](t, tab, `document.body.insertAdjacentHTML("beforeend", "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw=' onerror='document.title=1'>"), null`)
	if title := eval[string](t, tab, `document.title`); !strings.HasPrefix(title, "wsperf: ") {
		t.Errorf("title %q", title)
	}
}

// TestSectionsAreLinked: every link leads somewhere in the page.
func TestSectionsAreLinked(t *testing.T) {
	for name, path := range pages(t).all() {
		tab := open(t, path)
		if dead := eval[[]string](t, tab, `[...document.querySelectorAll("a")].filter(a => !document.querySelector(a.getAttribute("href"))).map(a => a.outerHTML)`); len(dead) > 0 {
			t.Errorf("%s: %q", name, dead)
		}
		tab.quiet(t)
	}
}

// TestScreenshots writes what a reader sees to the folder SCREENSHOTS, to be looked at.
func TestScreenshots(t *testing.T) {
	if os.Getenv("SCREENSHOTS") == "" {
		t.Skip("no folder SCREENSHOTS is set in the environment")
	}
	for name, path := range pages(t).all() {
		for view, actions := range map[string][]chromedp.Action[chromedp.Void]{
			"light":  {chromedp.EmulateViewport(1280, 900), emulated("light")},
			"dark":   {chromedp.EmulateViewport(1280, 900), emulated("dark")},
			"narrow": {chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile), emulated("light")},
		} {
			tab := open(t, path, actions...)
			png, err := chromedp.Run(tab.ctx, chromedp.FullScreenshot(100))
			if err != nil {
				t.Fatal(err)
			}
			keep(t, name+"-"+view+".png", png)
		}
	}
}

// keep writes a file to the folder SCREENSHOTS, if there is one.
func keep(t *testing.T, name string, content []byte) {
	t.Helper()
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(folder, name), content, 0o666); err != nil {
		t.Error(err)
	}
}
