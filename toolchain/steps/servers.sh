# shellcheck shell=bash
# Whole ClickHouse servers of older versions, which tests compare the newest with. They are in PyPI's `chdb` as a library;
# test/support/server.py starts what is in there. Only tests need them, so `toolchain/check` asks for this step.

SERVER_VERSIONS=(24.8.4 25.8.2)

step_servers() {
  step servers
  local version place how="from the cache"
  local -a missing=()
  declare -A places=()
  for version in "${SERVER_VERSIONS[@]}"; do
    places[$version]=$CACHE/clickhouse/$version-$(recipe "$TOOLCHAIN/servers/$version.txt" "=$(declare -f install_server)")
    [[ -d ${places[$version]} ]] || missing+=("$version")
  done
  if ((${#missing[@]})); then
    how="from PyPI's chdb"
    for version in "${missing[@]}"; do in_cache "${places[$version]}" install_server "$version"; done
  fi
  mkdir -p "$LOCAL/servers"
  for version in "${SERVER_VERSIONS[@]}"; do
    place=${places[$version]}
    type -P python3 >/dev/null || apt_install "starting ClickHouse $version for the tests needs python3" python3
    [[ $(readlink "$LOCAL/servers/$version") == "$place" ]] || ln -sfn "$place" "$LOCAL/servers/$version"
  done
  chose "ClickHouse ${SERVER_VERSIONS[*]}, $how"
}

# usage: install_server VERSION FOLDER
install_server() {
  need_pip "ClickHouse $1 for the tests comes from PyPI by python3 with pip" "$2"
  # The library is called through C alone, so that the wheel of one Python serves every Python 3.
  long "ClickHouse $1 from PyPI" "${PIP[@]}" install "${PIP_FLAGS[@]}" \
    --python-version 3.11 --implementation cp --platform manylinux2014_x86_64 --target "$2" \
    --requirement "$TOOLCHAIN/servers/$1.txt"
  rm -rf "$2/.venv"
}
