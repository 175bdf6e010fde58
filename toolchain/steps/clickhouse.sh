# shellcheck shell=bash
# ClickHouse: a whole server with its programs, out of PyPI's `chdb`, which has all of it as a library. The launcher that calls
# it (clickhouse/image/*.c) is compiled once, in a container of the base image. The stack runs both as an image; `zakaz validate`
# and the tests start them as they lie in the cache.

LAUNCHER=("$ROOT"/clickhouse/image/{compile.sh,*.c,*.h})

step_server() {
  step server
  use_clickhouse "$CLICKHOUSE_VERSION" "$ROOT/clickhouse/image/library.txt"
  link_tool "$LOCAL/clickhouse/$CLICKHOUSE_VERSION/bin/clickhouse" clickhouse
  make_server_image
  chose "$CLICKHOUSE_VERSION, $CLICKHOUSE_HOW; image $SERVER_IMAGE"
}

# The oldest version that is supported: tests compare with it, nothing else needs it.
step_oldest() {
  step oldest
  use_clickhouse "$OLDEST_CLICKHOUSE_VERSION" "$TOOLCHAIN/oldest-clickhouse.txt"
  chose "ClickHouse $OLDEST_CLICKHOUSE_VERSION, $CLICKHOUSE_HOW"
}

# The oldest version as an image, for a smoke on it: the official one, else one made like the development server's. It is not
# named like that one, whose former images are removed.
step_oldest_image() {
  step oldest
  if docker pull --quiet "$OLDEST_CLICKHOUSE_IMAGE" >/dev/null 2>&1; then
    docker tag "$OLDEST_CLICKHOUSE_IMAGE" "$OLDEST_IMAGE"
    chose "$OLDEST_IMAGE is $OLDEST_CLICKHOUSE_IMAGE"
  else
    need_base "the server's image starts from"
    long "build $OLDEST_IMAGE" build_server_image "$OLDEST_CLICKHOUSE_VERSION" "$OLDEST_IMAGE"
    chose "$OLDEST_IMAGE, made here: $OLDEST_CLICKHOUSE_IMAGE cannot be pulled"
  fi
}

# Links .zakaz/clickhouse/VERSION to bin/clickhouse and lib/, made unless they are in the cache. Sets CLICKHOUSE_HOW.
# usage: use_clickhouse VERSION REQUIREMENTS     (pip's, naming the wheel with its hash)
use_clickhouse() {
  local place library
  library=$CACHE/clickhouse-library/$1-$(recipe "$2" "=$(declare -f install_library)")
  place=$CACHE/clickhouse/$1-$(recipe "$2" "${LAUNCHER[@]}" "=$(declare -f install_clickhouse compile_launcher)")
  CLICKHOUSE_HOW="from the cache"
  if [[ ! -d $place ]]; then
    CLICKHOUSE_HOW="from PyPI's chdb"
    need_base "ClickHouse's launcher is compiled in"
    in_cache "$library" install_library "$1" "$2"
    in_cache "$place" install_clickhouse "$1" "$library"
  fi
  mkdir -p "$LOCAL/clickhouse"
  [[ $(readlink "$LOCAL/clickhouse/$1") == "$place" ]] || ln -sfn "$place" "$LOCAL/clickhouse/$1"
}

# usage: need_base "what needs it"
need_base() {
  docker image inspect zakaz/base >/dev/null 2>&1 ||
    fail "$1 zakaz/base, which is not there: run \`toolchain/setup\` without naming steps"
}

# usage: install_library VERSION REQUIREMENTS FOLDER
install_library() {
  need_pip "ClickHouse $1 comes from PyPI by python3 with pip" "$3"
  # The library is called through C alone, so that the wheel of one Python serves on every machine.
  long "ClickHouse $1 from PyPI" "${PIP[@]}" install "${PIP_FLAGS[@]}" \
    --python-version 3.11 --implementation cp --platform manylinux2014_x86_64 --target "$3/package" --requirement "$2"
  mv "$3"/package/chdb/_chdb*.so "$3/libclickhouse.so"
  # Where the library looks for what it needs: beside the folder that it lies in.
  if [[ -d $3/package/chdb.libs ]]; then mv "$3/package/chdb.libs" "$3/"; else mkdir "$3/chdb.libs"; fi
  rm -rf "$3/package" "$3/.venv"
}

# usage: install_clickhouse VERSION LIBRARY FOLDER
install_clickhouse() {
  local said program
  mkdir -p "$3/bin" "$3/lib/clickhouse"
  link_file "$2/libclickhouse.so" "$3/lib/clickhouse/libclickhouse.so"
  cp -a "$2/chdb.libs" "$3/lib/"
  long "compile ClickHouse $1's launcher" compile_launcher "$2/libclickhouse.so" "$3/bin/clickhouse"
  said=$("$3/bin/clickhouse" client --version 2>&1) || true
  [[ $said == *" $1."* ]] || fail "ClickHouse $1 does not run on this machine: ${said##*$'\n'}"
  for program in server client local benchmark format; do ln -s clickhouse "$3/bin/clickhouse-$program"; done
}

# usage: compile_launcher LIBRARY EXECUTABLE
compile_launcher() {
  tar -c -C "${1%/*}" "${1##*/}" -C "$ROOT/clickhouse/image" "${LAUNCHER[@]##*/}" |
    docker run --rm -i zakaz/base sh -c "$(<"${LAUNCHER[0]}")" >"$2" || return
  chmod 755 "$2"
}

# The server's image, named by its recipe as the program names it too (images.ts). Sets SERVER_IMAGE.
make_server_image() {
  SERVER_IMAGE=zakaz/clickhouse:$(server_recipe)
  has_server_image || alone_with_images renew_server_image
}

renew_server_image() {
  local -a old
  # Another set-up may have made it meanwhile.
  ! has_server_image || return 0
  need_base "the server's image starts from"
  # Those of other recipes, a gigabyte each, and one of this name on an older base.
  mapfile -t old < <(
    docker images --format '{{.Repository}}:{{.Tag}}' zakaz/clickhouse | grep -vxF "$SERVER_IMAGE" || true
    docker image inspect --format '{{.Id}}' "$SERVER_IMAGE" 2>/dev/null || true
  )
  long "build $SERVER_IMAGE" build_server_image "$CLICKHOUSE_VERSION" "$SERVER_IMAGE"
  # Fails, rightly, for one that a container uses.
  ((${#old[@]} == 0)) || docker rmi "${old[@]}" >/dev/null 2>&1 || true
}

server_recipe() {
  local LC_ALL=C
  recipe "$ROOT"/clickhouse/image/*
}

has_server_image() {
  [[ $(docker image inspect --format '{{index .Config.Labels "zakaz.recipe"}}' "$SERVER_IMAGE" 2>/dev/null) == "$IMAGES_RECIPE" ]]
}

# usage: build_server_image VERSION NAME
build_server_image() {
  cd "$ROOT/clickhouse/image" || return
  # Readable for the server's user too, whatever this one's umask was.
  tar -c --mode=a+rX Dockerfile entrypoint.sh ./*.xml -C "$LOCAL/clickhouse/$1/" bin lib |
    DOCKER_BUILDKIT=0 docker build --force-rm --label "zakaz.recipe=$IMAGES_RECIPE" -t "$2" -
}
