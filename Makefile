# wsperf: `make help` lists what there is.

GO          ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
# By count, not by time: a target whose time ends in mid-execution can be
# reported as failed with "context deadline exceeded".
FUZZTIME    ?= 100000x
FUZZED      := ./handshake ./stats/report ./bench/testee
BENCHED     := ./engine ./handshake ./stats ./stats/report ./bench/testee

.DEFAULT_GOAL := help
.PHONY: build run test unit race test-interop lint fuzz bench man clean help

build: ## build bin/wsperf
	$(GO) build -o bin/wsperf ./cmd/wsperf

run: build ## the main job: 200000 handshakes against the built-in testee
	bin/wsperf run

test: lint unit race fuzz ## everything that must pass

unit: build ## tests, with the command line's scripts and the README's commands
	$(GO) test ./...

race: ## tests under the race detector
	$(GO) test -race -short ./...

test-interop: ## 20000 handshakes against each real server of bench/testees (installs Debian packages)
	$(GO) test -tags interop -count=1 -timeout 15m -v ./bench/interop

lint: ## gofmt, vet and staticcheck
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt is needed for: $$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

fuzz: ## every fuzz target, 100000 executions: make fuzz FUZZTIME=1h
	@set -e; for package in $(FUZZED); do \
	  for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
	    echo "fuzz $$package $$target for $(FUZZTIME)"; \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$package; \
	  done; done

bench: ## time of the hot functions and of a whole handshake
	$(GO) test -run '^$$' -bench . -benchmem $(BENCHED)

man: build ## manual pages in bin/man
	bin/wsperf man bin/man

clean: ## remove what was built
	rm -rf bin
	$(GO) clean -testcache

help: ## this list
	@grep -hE '^[a-z_-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14
