# Every target runs the set-up it needs first; toolchain/README.md says what that does.
.DEFAULT_GOAL := help
.PHONY: help up down test soak coverage lint validate smoke load bench env doctor
MAKEFLAGS += --no-print-directory

WITH_TOOLS = toolchain/setup && eval "$$(toolchain/env)" &&

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: ## build or repair the whole dev stack, from nothing if need be
	@toolchain/up

down: ## remove the dev stack with its data (pulumi destroy)
	@toolchain/down

test: ## set up, then every check that CI runs
	@toolchain/setup && toolchain/check

soak: ## random tests with all their counts, from ever new seeds, for SOAK_MINUTES=30
	@toolchain/setup && toolchain/soak

coverage: ## how much of each folder's code unit and integration tests run
	@toolchain/setup && toolchain/coverage

lint: ## types, eslint, format, shellcheck, hadolint, npm audit, search for secrets
	@toolchain/setup node packages && toolchain/check lint

validate: ## sql/ on an empty server: schema, access, queries of the code
	@$(WITH_TOOLS) npx zakaz validate

smoke: ## dry run of the loader: nothing is written
	@$(WITH_TOOLS) npx zakaz smoke

load: ## load from the stack's source, exactly as the stack does
	@$(WITH_TOOLS) npx zakaz load

bench: ## benchmarks
	@$(WITH_TOOLS) npx tsx bench/run.ts

env: ## shell exports for typing Pulumi verbs by hand: eval "$(make -s env)"
	@toolchain/env

doctor: ## what was found, what was chosen and why
	@toolchain/doctor
