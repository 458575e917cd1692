// Package browser tests the pages of wsperf --html in a real browser: make test-browser. Its tests need
// root or chromium, and have the build tag browser.
package browser
