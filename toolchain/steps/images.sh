# shellcheck shell=bash
# The images every image of the stack starts from: zakaz/base and zakaz/node. Official ones where Docker Hub answers,
# else made from the distribution's packages and the npm package of Node.

step_images() {
  step images
  if [[ $(image_recipes) == "$IMAGES_RECIPE $IMAGES_RECIPE " ]]; then
    chose "zakaz/base, zakaz/node"
  else
    alone_with_images make_images
  fi
}

# Runs a command while no other set-up makes images.
alone_with_images() {
  local lock
  mkdir -p "$CACHE/images"
  exec {lock}>"$CACHE/images/.lock"
  if ! flock -n "$lock"; then
    note "another set-up is making images: waiting for it"
    flock "$lock"
  fi
  "$@"
  exec {lock}>&-
}

# Recipes of the two images, each followed by a space.
image_recipes() {
  docker image inspect --format '{{index .Config.Labels "zakaz.recipe"}}' zakaz/base zakaz/node 2>/dev/null | tr '\n' ' ' || true
}

make_images() {
  local old
  if [[ $(image_recipes) == "$IMAGES_RECIPE $IMAGES_RECIPE " ]]; then
    chose "zakaz/base, zakaz/node, made by another set-up"
    return
  fi
  # The new ones take the tags; the old ones would stay as images without a name.
  mapfile -t old < <(docker image inspect --format '{{.Id}}' zakaz/node zakaz/base 2>/dev/null || true)
  if pull_official; then
    long "build zakaz/base" official_image zakaz/base "$OFFICIAL_BASE"
    long "build zakaz/node" official_image zakaz/node "$OFFICIAL_NODE"
    chose "zakaz/base, zakaz/node, from $OFFICIAL_BASE and $OFFICIAL_NODE"
  else
    make_base
    make_node
    chose "zakaz/base (debootstrap, $SUITE), zakaz/node (Node $NODE_VERSION), made here: Docker Hub does not answer"
  fi
  # Fails, rightly, while a container or another image needs them.
  ((${#old[@]} == 0)) || docker rmi "${old[@]}" >/dev/null 2>&1 || true
}

# Pulls the official images; false when Docker Hub does not answer within 5 s.
pull_official() {
  [[ ${ZAKAZ_TOOLCHAIN:-} != build ]] || return 1
  local log=$LOGS/docker-pull.log pulling tenth
  mkdir -p "$LOGS"
  : >"$log"
  docker pull "$OFFICIAL_BASE" >"$log" 2>&1 </dev/null &
  pulling=$!
  for ((tenth = 0; tenth < 50; tenth++)); do
    # The first line comes when the registry has answered.
    grep -q '^[^ ]*: Pulling from ' "$log" && break
    kill -0 "$pulling" 2>/dev/null || break
    sleep 0.1
  done
  grep -q '^[^ ]*: Pulling from ' "$log" || {
    kill "$pulling" 2>/dev/null || true
    wait "$pulling" 2>/dev/null || true
    return 1
  }
  note "pulling $OFFICIAL_BASE and $OFFICIAL_NODE"
  wait "$pulling" && docker pull "$OFFICIAL_NODE" >>"$log" 2>&1 </dev/null
}

# usage: official_image NAME FROM
official_image() {
  printf '%s\n' "FROM $2" \
    "RUN apt-get update && apt-get install -y --no-install-recommends $BASE_PACKAGES && rm -rf /var/lib/apt/lists/*" |
    DOCKER_BUILDKIT=0 docker build --force-rm --label "zakaz.recipe=$IMAGES_RECIPE" -t "$1" -
}

# zakaz/base from the packages of this machine's own release, from the mirror that it uses itself.
make_base() {
  is_root || fail "Docker Hub does not answer, and only root can make the base image from packages: run the same command as root"
  type -P debootstrap >/dev/null ||
    apt_install "Docker Hub does not answer, and making the base image from packages needs debootstrap" debootstrap
  # shellcheck source=/dev/null
  SUITE=$(. /etc/os-release && echo "$VERSION_CODENAME")
  local mirror
  # shellcheck disable=SC2016 # apt's own variables
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
    awk -v suite="$SUITE" '$2 == suite && $3 == "main" && !seen++ { print $1 }')
  [[ -n $mirror ]] || fail "apt's settings name no package source for $SUITE, so the base image cannot be made from packages; run \`apt-get update\` to see what is wrong"
  local folder
  rm -rf "$CACHE/images"/root.*
  folder=$(mktemp -d "$CACHE/images/root.XXXXXX")
  long "debootstrap $SUITE" debootstrap --variant=minbase "--include=${BASE_PACKAGES// /,}" "$SUITE" "$folder" "$mirror"
  long "import zakaz/base" import_base "$folder"
  rm -rf "$folder"
}

import_base() {
  chmod 755 "$1"
  rm -rf "$1"/var/cache/apt/archives/*.deb "$1"/var/lib/apt/lists/* "$1"/var/log/bootstrap.log
  tar -C "$1" --one-file-system --numeric-owner -c . |
    docker import --change "LABEL zakaz.recipe=$IMAGES_RECIPE" --change 'CMD ["bash"]' \
      --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' - zakaz/base
}

make_node() {
  node_package
  local folder
  folder=$(mktemp -d "$CACHE/images/root.XXXXXX")
  link_file "$NODE_PACKAGE" "$folder/node"
  printf 'FROM zakaz/base\nCOPY node /usr/local/bin/node\n' >"$folder/Dockerfile"
  long "build zakaz/node" build_node "$folder"
  rm -rf "$folder"
}

build_node() {
  DOCKER_BUILDKIT=0 docker build --force-rm --label "zakaz.recipe=$IMAGES_RECIPE" -t zakaz/node "$1"
}

# The functions that make them, without their comments, and what these depend on.
IMAGES_RECIPE=$(recipe "=$(declare -f official_image make_base import_base make_node build_node)" \
  "=$OFFICIAL_BASE $OFFICIAL_NODE $BASE_PACKAGES $NODE_VERSION")
