module wsperf/bench/testees/gorilla

go 1.26.0

require (
	github.com/gorilla/websocket v1.5.3
	wsperf/bench/testees/listen v0.0.0
)

replace wsperf/bench/testees/listen => ../listen
