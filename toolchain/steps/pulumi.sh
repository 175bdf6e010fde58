# shellcheck shell=bash
# The Pulumi command line and its language host: the machine's, else the official release, else built.

PULUMI_RELEASE_PLACE=$CACHE/pulumi-release/$PULUMI_VERSION-$(recipe "=$RELEASES")
PULUMI_BUILT_PLACE=$CACHE/pulumi-built/$PULUMI_VERSION-$(
  recipe "=${GO_TOOL_PLACES[pulumi]} ${GO_TOOL_PLACES[pulumi-language-nodejs]}"
)

step_pulumi() {
  step pulumi
  plan_pulumi
  # All that must be built is built here, side by side, the plugins' parts too.
  build_tools "${NEEDED_TOOLS[@]}"
  case $PULUMI_ROUTE in
    machine)
      rm -f "$LOCAL/bin/pulumi"
      chose "$PULUMI_WHY (the machine's own)"
      ;;
    release)
      in_cache "$PULUMI_RELEASE_PLACE" download_pulumi
      link_tool "$PULUMI_RELEASE_PLACE/pulumi/pulumi" pulumi
      chose "v$PULUMI_VERSION, official release ($PULUMI_WHY)"
      ;;
    build)
      in_cache "$PULUMI_BUILT_PLACE" assemble_pulumi
      link_tool "$PULUMI_BUILT_PLACE/pulumi" pulumi
      chose "v$PULUMI_VERSION, built from Go modules ($PULUMI_WHY${GO_WHY:+; Go $GO_WHY})"
      ;;
  esac
}

# Decides, once per run, where Pulumi (PULUMI_ROUTE, PULUMI_WHY) and its plugins (PLUGINS_ROUTE) come from and what
# must be built for that (NEEDED_TOOLS). What is in the cache already is taken without asking the network.
plan_pulumi() {
  [[ -z ${PULUMI_ROUTE:-} ]] || return 0
  NEEDED_TOOLS=()
  case ${ZAKAZ_TOOLCHAIN:-} in
    "") PULUMI_ROUTE=$(machine_pulumi) || PULUMI_ROUTE="" ;;
    build | download) PULUMI_ROUTE=" ZAKAZ_TOOLCHAIN=$ZAKAZ_TOOLCHAIN" ;;
    *) fail "ZAKAZ_TOOLCHAIN is \"$ZAKAZ_TOOLCHAIN\"; it may be \"build\" or \"download\", or unset: set-up chooses" ;;
  esac
  PULUMI_WHY=${PULUMI_ROUTE#* }
  PULUMI_ROUTE=${PULUMI_ROUTE%% *}
  if [[ $PULUMI_ROUTE == machine ]]; then
    plan_plugins
    return
  fi
  if [[ ${ZAKAZ_TOOLCHAIN:-} == download || (${ZAKAZ_TOOLCHAIN:-} != build && -d $PULUMI_RELEASE_PLACE) ]]; then
    PULUMI_ROUTE=release
  elif [[ ${ZAKAZ_TOOLCHAIN:-} == build ]]; then
    PULUMI_ROUTE=build
  elif [[ -d $PULUMI_BUILT_PLACE ]]; then
    PULUMI_ROUTE=build
    PULUMI_WHY+=", built before"
  elif releases_reachable; then
    PULUMI_ROUTE=release
  else
    PULUMI_ROUTE=build
    PULUMI_WHY+=", the official download does not answer"
  fi
  [[ $PULUMI_ROUTE != build ]] || NEEDED_TOOLS+=(pulumi pulumi-language-nodejs)
  plan_plugins
}

# Prints "machine VERSION, PATH" for a suitable Pulumi with its language host, else " WHY NOT".
machine_pulumi() {
  local found version
  local -a places
  mapfile -t places < <(machine_has pulumi)
  found=${places[0]:-}
  if [[ -z $found ]]; then
    printf ' no pulumi on PATH'
    return
  fi
  version=$(PULUMI_SKIP_UPDATE_CHECK=true "$found" version 2>/dev/null) || version=v0
  if ! version_at_least "$version" "$PULUMI_LEAST"; then
    printf ' %s' "$found is $version, older than $PULUMI_LEAST"
  elif [[ -x $(dirname "$(readlink -f "$found")")/pulumi-language-nodejs ]] || [[ -n $(machine_has pulumi-language-nodejs) ]]; then
    printf 'machine %s, %s' "$version" "$found"
  else
    printf ' %s' "$found has no pulumi-language-nodejs beside it"
  fi
}

# Pulumi takes the language host beside it, and warns of one on PATH.
assemble_pulumi() {
  link_file "$(go_tool pulumi)" "$1/pulumi"
  link_file "$(go_tool pulumi-language-nodejs)" "$1/pulumi-language-nodejs"
}

download_pulumi() {
  long "download Pulumi v$PULUMI_VERSION" fetch_pulumi "pulumi-v$PULUMI_VERSION-linux-x64.tar.gz" "$1"
}

fetch_pulumi() {
  local archive=$1 sums=$2/checksums.txt
  if ! fetch "$RELEASES/sdk/$archive" "$2/$archive" 3 || ! fetch "$RELEASES/sdk/pulumi-v$PULUMI_VERSION-checksums.txt" "$sums" 3; then
    echo "$RELEASES does not answer (is curl or wget installed?)"
    return 1
  fi
  local wanted actual
  wanted=$(awk -v file="$archive" '$2 == file || $2 == "*" file { print $1 }' "$sums")
  actual=$(sha256sum <"$2/$archive")
  if [[ -z $wanted || ${actual%% *} != "$wanted" ]]; then
    echo "the checksum of $archive is not the one that $RELEASES names"
    return 1
  fi
  tar -C "$2" -xzf "$2/$archive" && rm "$2/$archive" "$sums"
}
