# What to run, and when. Everything but stack and spec needs Go alone: no Docker,
# and after the first build no network. Those two also need Java and Maven, stack
# Postgres too.

GO     ?= go
TOOL    = $(GO) tool -modfile=tools/go.mod
FUZZ   ?= 30s
SOAK   ?= 25s

# Linking the Temporal server with the race detector takes longer than all else
# together. imports_test.go keeps the server out of every other package.
SERVER  = /(internal/(app|embedded)|cmd/skald)(/|$$)|/skald/bench(/(bare|reference))?$$

.DEFAULT_GOAL = help
.PHONY: help build pgo bench test race lint mutants fuzz golden demo dev stack soak soak-stack spec spec-full clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/skald
	$(GO) build -trimpath -o bin/skald ./cmd/skald

pgo: ## write cmd/skald/default.pgo, a profile of skald dev under load: builds of skald take it from then on
	$(GO) build -trimpath -pgo=off -o bin/skald ./cmd/skald
	$(GO) build -trimpath -o bin/bench ./bench
	bin/bench -skald bin/skald -duration 30s -profile cmd/skald/default.pgo

bench: build ## skald beside Temporal's usual way, in turn, against the targets (BENCH=-stack: on real servers)
	$(GO) build -trimpath -pgo=$(or $(wildcard cmd/skald/default.pgo),auto) -o bin/bench ./bench
	bin/bench -skald bin/skald $(BENCH)

test: ## every test
	$(GO) test ./...

race: ## tests with the race detector, where the Temporal server is not linked
	packages=$$($(GO) list ./...) && $(GO) test -race $$(echo "$$packages" | grep -vE '$(SERVER)')

lint: ## golangci-lint, and Temporal's check that workflows are deterministic
	$(TOOL) golangci-lint run
	$(TOOL) workflowcheck ./workflows ./workflows/saga

mutants: ## plant the bugs that sagas are known for, one at a time: each must be caught
	SKALD_MUTANTS=1 $(GO) test -count=1 -timeout 30m -v -run '^TestEveryMutantIsCaught$$' .

fuzz: ## fuzz the decoder of orders for a short while (FUZZ=5m for longer)
	$(GO) test -run '^$$' -fuzz '^FuzzDecodeOrderPlaced$$' -fuzztime $(FUZZ) .

golden: ## write the golden files anew: look at the diff, it is a promise on the wire
	$(GO) test -run Golden . ./internal/schema -update
	$(GO) test ./gateway ./internal/picture ./internal/metrics -update

demo: ## four orders from placing to their end, told live; Ctrl-C ends it
	$(GO) run ./cmd/skald demo

dev: ## the whole system in one process, data under .skald
	$(GO) run ./cmd/skald dev

stack: ## real Kafka, Temporal and Postgres on loopback, without Docker; Ctrl-C ends it (STACK=--secure: with TLS and users)
	$(GO) build -o bin/stack ./internal/stack/cmd/stack && exec bin/stack up $(STACK)

soak: ## skald dev under load while it is killed, stopped and cut off: eight fixed seeds (SOAK=1m for longer ones)
	$(GO) build -o bin/skald ./cmd/skald
	rm -rf bin/soak
	for seed in 1 2 3 4 5 6 7 8; do bin/skald soak --seed $$seed --duration $(SOAK) --out bin/soak/$$seed || exit 1; done

soak-stack: ## the same once on real Kafka, Temporal and Postgres, faults on each of them too
	$(GO) build -o bin/skald ./cmd/skald
	rm -rf bin/soak/stack
	bin/skald soak --stack --seed 1171 --rate 2 --duration 1m --out bin/soak/stack

spec: ## the model in docs/model: every rule holds, and each is missed without it
	$(GO) run ./docs/model/spec

spec-full: ## the same, with the configurations that take many minutes
	$(GO) run ./docs/model/spec -full

clean: ## remove what builds leave; .skald stays, it holds orders
	rm -rf bin
	find . -name '*.test' -type f -delete
