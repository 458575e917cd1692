module wsperf/bench/testees/listen

go 1.26.0
