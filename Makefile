# wsperf: `make help` lists what there is.

GO          ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
# Of each fuzz target: a number of executions, or a time such as 30s or 1h.
FUZZTIME    ?= 100000x
FUZZED      := ./handshake ./stats/file ./bench/testee ./cmd/internal/job ./cmd/wsperf
# At least 20s; from 10m on, a leak of half a byte per connection shows.
SOAK        ?= 10m
BENCHED     := ./engine ./handshake ./stats ./stats/file ./bench/testee

# Hardware events where the machine has them, the clock where not.
PERF_EVENT   = $(shell perf stat -e cycles true 2>&1 | grep -q 'not supported' && echo cpu-clock || echo cycles)

.DEFAULT_GOAL := help
.PHONY: build run test test-all unit race test-interop test_ws test_ab test_netty testee-wspp testee-ab testee-netty analyze lint fuzz soak bench \
        bench-peers pgo perf-stat perf-record perf-report perf man clean help

build: ## build bin/wsperf
	$(GO) build -o bin/wsperf ./cmd/wsperf

run: build ## the main job: 200000 handshakes against the built-in testee
	bin/wsperf run

STEP = @.ci/step

# go test, and a line for each test that was skipped.
TEST = $(GO) run ./.ci/showskips $(GO) test

# ./... leaves out folders whose names begin with a dot.
PACKAGES := ./... ./.ci/showskips

test: ## lint, tests, scripts, README commands, short tests under the race detector
	$(STEP) "build" $(MAKE) --no-print-directory build
	$(STEP) "lint" $(MAKE) --no-print-directory lint
	$(STEP) "tests, with the command line's scripts and the README's commands" $(MAKE) --no-print-directory unit
	$(STEP) "short tests under the race detector" $(MAKE) --no-print-directory race

test-all: test ## all there is but the real servers: make test, and every fuzz target
	$(STEP) "fuzz targets, $(FUZZTIME) each" $(MAKE) --no-print-directory fuzz

# Lint vets, so the tests need not. They do without the profile of cmd/wsperf, with
# which all that it imports would be compiled a second time.
unit: build ## tests, with the command line's scripts and the README's commands
	$(TEST) -vet=off -pgo=off $(PACKAGES)

# handshake, stats and stats/report start no goroutines.
RACED := ./engine/... ./stats/file ./cmd/... ./bench/...

# The race detector is linked with cgo, which needs a C compiler and the C library's headers.
race: ## short tests under the race detector, which needs gcc
	@if [ "$$($(GO) env CGO_ENABLED)" = 1 ] && echo '#include <stdlib.h>' | $$($(GO) env CC) -E - >/dev/null 2>&1; then \
		set -x; $(TEST) -vet=off -pgo=off -race -short $(RACED); \
	else echo "SKIPPED: tests under the race detector: cgo is disabled (CGO_ENABLED=0), or it finds no C compiler (apt-get install gcc libc6-dev)"; fi

test-interop: ## 20000 handshakes against each real server of bench/testees (installs Debian packages)
	$(TEST) -tags interop -count=1 -timeout 15m -v ./bench/interop

# The ancestor's targets: its driver against the three testees it was made for.
# A testee that does not run yet is started for the time of the run.
DRIVE = bin/wsperf drive --workers 4 --threads 0 --conns 50000 --lowmark 250 --highmark 500 --wsuri
TESTEE_WORKERS ?= $(shell nproc)

test_ws: build ## the driver against WebSocket++ on port 9002
	bench/testees/with websocketpp 9002 $(TESTEE_WORKERS) $(DRIVE) ws://127.0.0.1:9002

test_ab: build ## the driver against Autobahn multicore on port 9000
	bench/testees/with autobahn 9000 $(TESTEE_WORKERS) $(DRIVE) ws://127.0.0.1:9000

test_netty: build ## the driver against Netty on port 9999
	bench/testees/with netty 9999 $(TESTEE_WORKERS) $(DRIVE) ws://127.0.0.1:9999

testee-wspp: ## be the WebSocket++ testee, port 9002
	bench/testees/websocketpp/install
	exec bench/testees/websocketpp/start 9002 $(TESTEE_WORKERS)

testee-ab: ## be the Autobahn testee, port 9000
	bench/testees/autobahn/install
	exec bench/testees/autobahn/start 9000 $(TESTEE_WORKERS)

testee-netty: ## be the Netty testee, port 9999
	bench/testees/netty/install
	exec bench/testees/netty/start 9999 $(TESTEE_WORKERS)

analyze: build ## the aggregate of the result files that the driver left
	bin/wsperf drive --workers 4 --skiprun

lint: ## gofmt, vet and staticcheck
	@unformatted=$$(gofmt -l .) || exit 1; if [ -n "$$unformatted" ]; then echo "gofmt is needed for: $$unformatted"; exit 1; fi
	$(GO) vet -pgo=off $(PACKAGES)
	GOFLAGS="$$($(GO) env GOFLAGS) -pgo=off" $(GO) run $(STATICCHECK) $(PACKAGES)

fuzz: ## every fuzz target, 100000 executions: make fuzz FUZZTIME=1h
	@GO="$(GO)" .ci/fuzz $(FUZZTIME) $(FUZZED)

soak: build ## 10 minutes at full rate: memory flat, everything accounted for: make soak SOAK=1m
	$(GO) run ./bench/soak -duration $(SOAK) -wsperf bin/wsperf

bench: bin bench-peers ## CPU per handshake beside a C floor, other loads, hot functions (10 minutes); also in bin/bench.txt
	$(GO) run ./bench/cost -out bin/bench.txt
	$(GO) test -run '^$$' -bench . -benchmem $(BENCHED) | tee -a bin/bench.txt

bench-peers:
	@test -d /usr/include/websocketpp || { apt-get update -qq && apt-get install -y -qq g++ libwebsocketpp-dev libboost-system-dev; }

pgo: ## record the profile that the compiler optimises wsperf by (1 minute); keep it if `make bench` shows a gain
	$(GO) run ./bench/pgo

perf-stat: build perf ## the main job under perf stat
	perf stat -- bin/wsperf run --quiet

perf-record: build perf ## the main job under perf record, into bin/perf.data
	perf record -e $(PERF_EVENT) -F 2000 -g -o bin/perf.data -- bin/wsperf run --quiet

perf-report: ## the profile by thread, and the top symbols of the loops
	perf report -i bin/perf.data --no-children -g none --sort comm,dso --stdio
	perf report -i bin/perf.data --no-children -g none --sort comm,dso,sym --stdio | grep wsperf-loop | head -40

perf:
	@command -v perf >/dev/null || { apt-get update -qq && apt-get install -y -qq linux-perf; }

bin:
	mkdir -p bin

man: build ## manual pages in bin/man
	bin/wsperf man bin/man

clean: ## remove what was built
	rm -rf bin
	$(GO) clean -testcache

help: ## this list
	@grep -hE '^[a-z_-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14
