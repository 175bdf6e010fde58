# shellcheck shell=bash
# Pulumi's plugins for Docker and for commands: Pulumi's own download, else built here.

DOCKER_PLUGIN=resource-docker-v$DOCKER_PLUGIN_VERSION
COMMAND_PLUGIN=resource-command-v$COMMAND_PLUGIN_VERSION
OFFICIAL_PLUGINS_PLACE=$CACHE/plugins-official/$DOCKER_PLUGIN_VERSION-$COMMAND_PLUGIN_VERSION
PLUGIN_TOOLS=(terraform-provider-docker pulumi-resource-terraform-provider)

step_plugins() {
  step plugins
  plan_pulumi
  local what="docker $DOCKER_PLUGIN_VERSION, command $COMMAND_PLUGIN_VERSION"
  if [[ $PLUGINS_ROUTE == official ]]; then
    in_cache "$OFFICIAL_PLUGINS_PLACE" download_plugins
    install_plugins "$OFFICIAL_PLUGINS_PLACE/plugins"
    chose "$what, official downloads"
  else
    in_cache "$BUILT_PLUGINS_PLACE" build_plugins
    install_plugins "$BUILT_PLUGINS_PLACE"
    chose "$what, built here ($PLUGINS_WHY)"
  fi
}

# Part of `plan_pulumi`: sets PLUGINS_ROUTE and PLUGINS_WHY, adds to NEEDED_TOOLS.
plan_plugins() {
  local sources
  mapfile -t sources < <(find "$TOOLCHAIN/plugins" -type f | LC_ALL=C sort)
  BUILT_PLUGINS_PLACE=$CACHE/plugins/$DOCKER_PLUGIN_VERSION-$COMMAND_PLUGIN_VERSION-$(
    recipe "=${GO_TOOL_PLACES[*]} ${sources[*]#"$ROOT/"}" "$ROOT/package-lock.json" "${sources[@]}"
  )
  PLUGINS_ROUTE=build
  if [[ $PULUMI_ROUTE == build ]]; then
    PLUGINS_WHY="as Pulumi is"
  elif [[ ${ZAKAZ_TOOLCHAIN:-} == download || -d $OFFICIAL_PLUGINS_PLACE ]]; then
    PLUGINS_ROUTE=official
  elif [[ -d $BUILT_PLUGINS_PLACE ]]; then
    PLUGINS_WHY="built before"
  elif releases_reachable; then
    PLUGINS_ROUTE=official
  else
    PLUGINS_WHY="the official download does not answer"
  fi
  [[ $PLUGINS_ROUTE != build ]] || NEEDED_TOOLS+=("${PLUGIN_TOOLS[@]}")
}

build_plugins() {
  long "bundle the plugins" node "$TOOLCHAIN/plugins/build.mjs" "$1"
  local tool
  for tool in "${PLUGIN_TOOLS[@]}"; do
    link_file "$(go_tool "$tool")" "$1/$DOCKER_PLUGIN/$tool"
  done
}

download_plugins() { long "download the plugins" fetch_plugins "$1"; }

fetch_plugins() {
  export PULUMI_HOME=$1
  pulumi plugin install resource docker "$DOCKER_PLUGIN_VERSION" &&
    pulumi plugin install resource command "$COMMAND_PLUGIN_VERSION"
}

# Puts the plugins of folder $1 where Pulumi looks. It takes real folders only, no links to folders.
install_plugins() {
  local plugin
  for plugin in "$DOCKER_PLUGIN" "$COMMAND_PLUGIN"; do
    local there=$LOCAL/pulumi/plugins/$plugin
    [[ -f $there/.from && $(<"$there/.from") == "$1" ]] && continue
    link_tree "$1/$plugin" "$there"
    rm -f "$there.lock" "$there.partial"
    printf '%s' "$1" >"$there/.from"
  done
}
