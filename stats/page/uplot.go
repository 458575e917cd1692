package page

import (
	"io"

	vegeta "github.com/tsenart/vegeta/v12/lib/plot"
)

// uPlot returns the script and the styles of uPlot, which vegeta's module holds.
func uPlot() (script, styles string, err error) {
	if script, err = asset("uPlot.min.js"); err != nil {
		return "", "", err
	}
	styles, err = asset("uPlot.min.css")
	return script, styles, err
}

func asset(name string) (string, error) {
	f, err := vegeta.Assets.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	return string(text), err
}
