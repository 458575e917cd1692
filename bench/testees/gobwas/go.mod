module wsperf/bench/testees/gobwas

go 1.26.0

require (
	github.com/gobwas/ws v1.5.0
	wsperf/bench/testees/listen v0.0.0
)

require github.com/gobwas/httphead v0.1.0 // indirect

replace wsperf/bench/testees/listen => ../listen
