# Every target installs what it needs by itself and is quick about it when all is there; see .ci/setup.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.NOTPARALLEL:
.DEFAULT_GOAL := help

# Where the program goes; see .ci/lib.sh for everything else.
TARGET = $${CARGO_TARGET_DIR:-$(CURDIR)/target}

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	echo "  make test-X       one step of the tests alone, X being one of: $(STEPS)"

.PHONY: setup
setup: ## install everything that any other target needs
	@.ci/setup

.PHONY: run
run: ## start the app: with a stand-in GitLab, or with yours when GITLAB_URL is set
	@.ci/start

.PHONY: build
build: ## compile the app for use: target/release/approval-app
	@.ci/setup base rust wasm trunk
	.ci/spa
	CARGO_TARGET_DIR=$(TARGET) .ci/cargo build --release --locked -p approval-app
	echo "==> $(TARGET)/release/approval-app"

.PHONY: test
test: ## all checks, from formatting to the browser
	@.ci/test

STEPS = setup fmt spa clippy doc rust wasm clients e2e lint

.PHONY: $(STEPS:%=test-%)
$(STEPS:%=test-%):
	@.ci/test $(@:test-%=%)

.PHONY: lint
lint: ## formatting, clippy, dependencies, spelling, scripts, image, pipeline, manifests, alerts
	@.ci/test fmt clippy lint

.PHONY: image-proof
image-proof: ## build the container image without an engine and try it (as root; uses what was compiled last)
	@.ci/image-proof

.PHONY: bench
bench: ## measure it
	@.ci/setup base rust wasm trunk browser bench
	.ci/spa
	env -u TEST_DATABASE_URL .ci/cargo bench --locked -p approval-app
	.ci/browse release bench.js

.PHONY: screenshots
screenshots: ## take the pictures in docs/screenshots anew
	@.ci/setup base rust wasm trunk browser
	.ci/spa
	.ci/browse debug screenshots.js "$(CURDIR)/docs/screenshots" --docs

.PHONY: openapi
openapi: ## write what documents take from the code: docs/openapi.json, and the tables of settings
	@.ci/setup base rust wasm trunk
	.ci/spa
	mkdir -p docs
	trap 'rm -f docs/openapi.json.new docs/settings.new README.md.new docs/configuration.md.new' EXIT
	.ci/cargo build --workspace --bins --locked
	.ci/cargo run --quiet --bin approval-app --locked -- openapi > docs/openapi.json.new
	mv docs/openapi.json.new docs/openapi.json
	.ci/cargo run --quiet --bin approval-app --locked -- config table > docs/settings.new
	for file in README.md docs/configuration.md; do
	    awk '/<!-- settings: begin/ { print; while ((getline line < "docs/settings.new") > 0) print line; old = 1; next }
	        /<!-- settings: end/ { old = 0 } !old' $$file > $$file.new
	    mv $$file.new $$file
	done
	echo "==> docs/openapi.json, README.md, docs/configuration.md"
