# Needs Node, npm, git and make. Bun, Deno and TypeScript come from npm, at the versions of package-lock.json.
TARGET ?= linux-x64

MACHINE := $(patsubst arm64,aarch64,$(shell node -p process.arch))
# Install scripts are never run (npm 11 asks first): then the runtime lies in the package of its platform.
# Where somebody's own `npm install` did run them, it has been moved.
BUN = $(shell ls node_modules/@oven/bun-linux-$(MACHINE)/bin/bun 2>/dev/null || echo node_modules/bun/bin/bun.exe)
DENO = DENO_NO_UPDATE_CHECK=1 node_modules/.bin/deno
TSC = node_modules/.bin/tsc
TOOLS = node_modules/.package-lock.json

.DEFAULT_GOAL := help
.PHONY: run test build check fmt bench clean help

run: build ## Build and start the demo; ends with Ctrl-C
	./appliance demo

test: $(TOOLS) ## All tests; as root it first installs the Debian packages they need
	sh test/packages.sh
	$(BUN) build.ts
	$(BUN) test/run.ts

build: $(TOOLS) ## ./appliance; with TARGET=linux-arm64 ./appliance-linux-arm64
	$(BUN) build.ts $(TARGET)

check: $(TOOLS) ## Format, lint, types and the house rules
	$(DENO) fmt --check
	$(DENO) lint
	$(TSC) -p .
	$(BUN) test ./test/house

fmt: $(TOOLS) ## Format the sources
	$(DENO) fmt

bench: $(TOOLS) ## Figures side by side with haproxy
	sh test/packages.sh
	$(BUN) build.ts
	$(BUN) test/bench/run.ts

clean: ## Remove what was built; node_modules stays
	rm -rf build appliance appliance-* *.bun-build

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(TOOLS): package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund
	@touch $@
