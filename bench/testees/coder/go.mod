module wsperf/bench/testees/coder

go 1.26.0

require (
	github.com/coder/websocket v1.8.15
	wsperf/bench/testees/listen v0.0.0
)

replace wsperf/bench/testees/listen => ../listen
