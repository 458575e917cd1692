# `make help` lists the targets.

GO          ?= go
# With cgo, package net would be linked with the C library for its resolver: wsperf would
# start a quarter slower, and abort where ulimit -v leaves its threads no stacks.
export CGO_ENABLED ?= 0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
# For each fuzz target: a number of executions, or a time such as 30s or 1h.
FUZZTIME    ?= 100000x
FUZZED      := ./engine ./handshake ./stats/file ./stats/page ./stats/report ./stats/require ./bench/testee ./cmd/internal/compare ./cmd/internal/job ./cmd/wsperf
# At least 20s. A run of 10m or more detects a leak of half a byte per connection.
SOAK        ?= 10m
BENCHED     := ./engine ./handshake ./stats ./stats/file ./bench/testee

# Many virtual machines have no hardware counters; there perf samples by the clock.
PERF_EVENT   = $(shell perf stat -e cycles true 2>&1 | grep -q 'not supported' && echo cpu-clock || echo cycles)

PERF_FIFOS   = bin/perf.ctl bin/perf.ack
PERF_CONTROL = bin/perf.ctl,bin/perf.ack

.DEFAULT_GOAL := help
.PHONY: build image run test test-all unit system race race-long test-interop test-browser test-cluster test_ws test_ab test_netty testee-wspp testee-ab testee-netty analyze lint fuzz soak bench \
        bench-peers compare compare-quick compare-tls pgo perf-stat perf-record perf-report perf man clean help

build: ## build bin/wsperf
	$(GO) build -o bin/wsperf ./cmd/wsperf

image: build ## pack it into bin/wsperf-image.tar, for docker load, podman load and ctr images import; IMAGE=NAME:TAG
	$(GO) -C $(IMAGE_MODULE) run . -binary $(CURDIR)/bin/wsperf -out $(CURDIR)/bin/wsperf-image.tar $(if $(IMAGE),-name '$(IMAGE)')

run: build ## make 200000 handshakes against the built-in testee
	bin/wsperf run

STEP = @.ci/step

# go test, and a line for each test that was skipped. A test that hangs ends after the timeout. The
# longest package takes 5 minutes under the race detector on two idle CPUs, and over 10 beside 8 busy threads.
TEST = $(GO) run ./.ci/showskips $(GO) test -timeout 20m

# ./... leaves out folders whose names begin with a dot.
PACKAGES := ./... ./.ci/showskips
# A module of its own, which ./... leaves out too.
IMAGE_MODULE := bench/image
# Tests of the whole program against a testee or a link of ours: most of the time of all tests.
SYSTEM   := ./bench/hostile ./bench/link
# Measurements: nothing else should run beside them.
MEASURED := ./bench/proof ./bench/wire ./bench/bottleneck ./bench/alike
UNITS     = $(filter-out $(addprefix wsperf/,$(SYSTEM:./%=%) $(MEASURED:./%=%)),$(shell $(GO) list ./...)) ./.ci/showskips

test: ## run lint, unit and race
	$(STEP) "lint" $(MAKE) --no-print-directory lint
	$(STEP) "tests, with scripts of the command line and the README's commands" $(MAKE) --no-print-directory unit
	$(STEP) "short tests under the race detector" $(MAKE) --no-print-directory race

test-all: test ## run make test, the other tests under the race detector, every fuzz target, and the tests of the whole program
	$(STEP) "other tests under the race detector" $(MAKE) --no-print-directory race-long
	$(STEP) "fuzz targets, $(FUZZTIME) each" $(MAKE) --no-print-directory fuzz
	$(STEP) "tests of the whole program" $(MAKE) --no-print-directory system

# Lint runs vet, so -vet=off. With the profile of cmd/wsperf every package that it
# imports would be compiled a second time, so -pgo=off.
unit: ## run the tests of all packages but the system tests, with scripts of the command line and the README's commands
	$(TEST) -vet=off -pgo=off $(UNITS)
	$(GO) -C $(IMAGE_MODULE) test -vet=off ./...

system: ## run the tests against the hostile testee, across a network link, against known delays and packet captures, with known bottlenecks and known differences
	$(TEST) -vet=off -pgo=off $(SYSTEM)
	$(TEST) -p=1 -vet=off -pgo=off $(MEASURED)

# What make test races has most of the goroutines; make test-all also races the packages
# that take long, and the long tests of engine. handshake, stats and stats/report start no goroutines.
RACED      := ./engine/... ./cmd/internal/... ./bench/soak ./bench/testee ./bench/link/emulator
SHORT      := -short
RACED_LONG := ./engine ./stats/file ./cmd/wsperf ./bench/hostile

# The race detector is linked with cgo, which needs a C compiler and the C library's headers.
# By default it holds every process back for a second at its end, for other threads to
# report; the tests start some hundred processes.
race: ## run short tests under the race detector (needs gcc)
race-long: RACED = $(RACED_LONG)
race-long: SHORT =
race race-long: export CGO_ENABLED = 1
race race-long:
	@if echo '#include <stdlib.h>' | $$($(GO) env CC) -E - >/dev/null 2>&1; then \
		set -x; GORACE=atexit_sleep_ms=50 $(TEST) -vet=off -pgo=off -race $(SHORT) $(RACED); \
	else echo "SKIPPED: tests under the race detector: no C compiler is installed (apt-get install gcc libc6-dev)"; fi

test-interop: ## make 20000 handshakes against each real server of bench/testees (root; installs Debian packages)
	$(TEST) -tags interop -count=1 -timeout 15m -v ./bench/interop

test-browser: ## look at the pages of --html in chromium (root; installs Debian packages and axe-core)
	$(TEST) -tags browser -count=1 -timeout 10m ./bench/browser

test-cluster: ## run wsperf on a Kubernetes and a Slurm cluster of three nodes (root; installs Debian packages; the first time builds Kubernetes, 10 minutes)
	$(TEST) -tags cluster -count=1 -timeout 30m -v ./bench/cluster

# The ancestor's targets: its driver against the three testees it was made for. A
# testee that is not running is started for the duration of the run.
DRIVE = bin/wsperf drive --workers 4 --threads 0 --conns 50000 --lowmark 250 --highmark 500 --wsuri
TESTEE_WORKERS ?= $(shell nproc)

test_ws: build ## run the driver against WebSocket++ on port 9002
	bench/testees/with websocketpp 9002 $(TESTEE_WORKERS) $(DRIVE) ws://127.0.0.1:9002

test_ab: build ## run the driver against Autobahn multicore on port 9000
	bench/testees/with autobahn 9000 $(TESTEE_WORKERS) $(DRIVE) ws://127.0.0.1:9000

test_netty: build ## run the driver against Netty on port 9999
	bench/testees/with netty 9999 $(TESTEE_WORKERS) $(DRIVE) ws://127.0.0.1:9999

testee-wspp: ## run the WebSocket++ testee on port 9002
	bench/testees/websocketpp/install
	exec bench/testees/websocketpp/start 9002 $(TESTEE_WORKERS)

testee-ab: ## run the Autobahn testee on port 9000
	bench/testees/autobahn/install
	exec bench/testees/autobahn/start 9000 $(TESTEE_WORKERS)

testee-netty: ## run the Netty testee on port 9999
	bench/testees/netty/install
	exec bench/testees/netty/start 9999 $(TESTEE_WORKERS)

analyze: build ## print the report of the driver's last result files
	bin/wsperf drive --workers 4 --skiprun

lint: ## run gofmt, vet and staticcheck
	@unformatted=$$(gofmt -l .) || exit 1; if [ -n "$$unformatted" ]; then echo "gofmt is needed for: $$unformatted"; exit 1; fi
	$(GO) vet -pgo=off $(PACKAGES)
	GOFLAGS="$$($(GO) env GOFLAGS) -pgo=off" $(GO) run $(STATICCHECK) $(PACKAGES)
	$(GO) -C $(IMAGE_MODULE) vet ./...
	$(GO) -C $(IMAGE_MODULE) run $(STATICCHECK) ./...

fuzz: ## run every fuzz target for 100000 executions, or make fuzz FUZZTIME=1h
	@GO="$(GO)" .ci/fuzz $(FUZZTIME) $(FUZZED)

# Client and testees have CPUs of their own, if there are two.
COMPARE_CPUS = $(shell n=$$(nproc); [ $$n -gt 1 ] && echo --cpus $$((n/2))-$$((n-1)) --testee-cpus 0-$$((n/2-1)))
COMPARE      = WORKERS=$$(( ($$(nproc)+1)/2 )) bin/wsperf compare bench/compare.yaml $(COMPARE_CPUS)

compare: build ## compare all testees of bench/testees that can be installed (15 minutes), into bin/compare.html too
	$(COMPARE) --only "$$(bench/testees/installed)" --html bin/compare.html

compare-quick: build ## compare three of them, in Go (2 minutes), into bin/compare.html too
	$(COMPARE) --only "$$(bench/testees/installed gobwas gorilla gws)" --rounds 8 --html bin/compare.html

compare-tls: build ## compare three testees over ws, wss and wss with resumed handshakes (5 minutes), into bin/compare-tls.html too
	$(subst compare.yaml,compare-tls.yaml,$(COMPARE)) --only "$$(bench/testees/installed gws libwebsockets ws)" --html bin/compare-tls.html

soak: build ## run 10 minutes at full rate, check that memory stays flat and counts agree, or make soak SOAK=1m
	$(GO) run ./bench/soak -duration $(SOAK) -wsperf bin/wsperf

bench: bin bench-peers ## measure CPU per handshake beside a C floor, other loads, hot functions (15 minutes), into bin/bench.txt too
	$(GO) run ./bench/cost -out bin/bench.txt
	$(GO) test -run '^$$' -bench . -benchmem $(BENCHED) | tee -a bin/bench.txt

bench-peers:
	@bench/floor/install
	@test -d /usr/include/websocketpp || { apt-get update -qq && apt-get install -y -qq g++ libwebsocketpp-dev libboost-system-dev; }

pgo: ## record the profile for the compiler (1 minute); keep it if make bench shows a gain
	$(GO) run ./bench/pgo

perf-stat: build perf ## run make run's job under perf stat
	perf stat -- bin/wsperf run --quiet

perf-record: build perf ## run it under perf record, which profiles the measured window, into bin/perf.data
	rm -f $(PERF_FIFOS)
	mkfifo $(PERF_FIFOS)
	perf record -e $(PERF_EVENT) -F 2000 -g -o bin/perf.data --control fifo:$(PERF_CONTROL) --delay=-1 -- \
		bin/wsperf run --quiet --perf-control $(PERF_CONTROL)

perf-report: ## print the profile by thread, and the top symbols of the loops
	perf report -i bin/perf.data --no-children -g none --sort comm,dso --stdio
	perf report -i bin/perf.data --no-children -g none --sort comm,dso,sym --stdio | grep wsperf-loop | head -40

perf:
	@command -v perf >/dev/null || { apt-get update -qq && apt-get install -y -qq linux-perf; }

bin:
	mkdir -p bin

man: build ## write manual pages into bin/man
	bin/wsperf man bin/man

clean: ## remove bin and cached test results
	rm -rf bin
	$(GO) clean -testcache

help: ## print this list
	@grep -hE '^[a-z_-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14
