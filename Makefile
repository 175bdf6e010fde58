# Every target runs the set-up it needs first; toolchain/README.md says what that does.
.DEFAULT_GOAL := help
.PHONY: help up down test unit integration e2e vk-ads soak coverage lint validate image server-smoke preview report smoke load bench env doctor
MAKEFLAGS += --no-print-directory

WITH_TOOLS = toolchain/setup && eval "$$(toolchain/env)" &&

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9 -]+:.*## / { printf "make %-24s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: ## build or repair the whole dev stack, from nothing if need be
	@toolchain/up

down: ## remove the dev stack with its data (pulumi destroy)
	@toolchain/down

test: ## set up, then every check that CI runs
	@toolchain/setup && toolchain/check

unit integration e2e: ## one level of the tests alone
	@toolchain/setup && toolchain/check $@

vk-ads: ## every unit and integration test of VK Ads
	@toolchain/setup && toolchain/check $@

soak: ## random tests with all their counts, from ever new seeds, for SOAK_MINUTES=30
	@toolchain/setup && toolchain/setup oldest storage && toolchain/soak

coverage: ## how much of each folder's code is run by the tests of LEVELS="unit integration"
	@toolchain/setup && toolchain/coverage

lint: ## types, eslint, format, shellcheck, hadolint, npm audit, search for secrets
	@toolchain/setup node packages && toolchain/check lint

validate: ## sql/ on an empty server: schema, access, queries of the code
	@$(WITH_TOOLS) npx zakaz validate

image: ## the loader's image without any cache, as qtickets_api:prod, and its bill of materials
	@toolchain/setup && toolchain/image

server-smoke: ## a throw-away stack on the server's image IMAGE=oldest, prod or a name: contract, access, load, reader
	@toolchain/setup && toolchain/server-smoke

preview: ## what pulumi up of this commit would do to a stack of BASE=origin/main: reports/preview.md
	@toolchain/setup && toolchain/preview

report: ## the acceptance run in a stack of its own, with its report in logs/ (--lang ru: npx zakaz report --lang ru)
	@$(WITH_TOOLS) npx zakaz report

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
