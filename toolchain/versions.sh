# shellcheck shell=bash disable=SC2034 # read by the files that source this one
# What set-up installs, in one place. Node's version stands in node/package.json, Go's in go/requirements.txt.

NODE_LEAST=22.12
GO_LEAST=1.26

# The Pulumi command line, the same version on both routes, and its language host where both are built: the last
# version of the host that is a package of its own; it works with this CLI and with @pulumi/pulumi of package.json.
PULUMI_VERSION=3.258.0
PULUMI_LEAST=3.258
LANGUAGE_HOST_VERSION=3.68.0

DOCKER_PLUGIN_VERSION=5.2.0
COMMAND_PLUGIN_VERSION=1.2.1
# What the docker plugin is built from, where it cannot be downloaded.
BRIDGE_VERSION=0.13.0
TERRAFORM_DOCKER_VERSION=20260916

# Checks of .github/workflows.
ACTIONLINT_VERSION=1.7.12

# Object storage that tests keep backups in.
VERSITYGW_VERSION=1.8.0

# ClickHouse as development and tests run it (clickhouse/image/library.txt names the wheel), and the oldest version that
# schema and access must work on.
CLICKHOUSE_VERSION=25.8.2
OLDEST_CLICKHOUSE_VERSION=24.8.4
# The same as an image: the official one, and what it is called here.
OLDEST_CLICKHOUSE_IMAGE=clickhouse/clickhouse-server:24.8.4.13
OLDEST_IMAGE=zakaz/clickhouse-oldest:$OLDEST_CLICKHOUSE_VERSION

# Official images, and what every image of the stack needs on top.
OFFICIAL_BASE=debian:bookworm-slim
OFFICIAL_NODE=node:24-bookworm-slim
BASE_PACKAGES="ca-certificates tzdata wget"
