// Package page writes results and comparisons as a page for a browser: one file that loads nothing,
// with a Content-Security-Policy that forbids it to.
//
// A page is a list of sections (the table in contents.go), a section a list of parts, and a part a
// sentence, a table, a plot and the like. document.go turns them into HTML. A plot is data that is
// drawn twice: as SVG for readers without JavaScript and for paper (svg.go, the only file that knows
// the library for it), and by uPlot (uplot.go and assets/page.js).
//
// All text comes from results and is escaped by html/template; what a browser runs and which styles it
// applies is known by its hash.
package page
