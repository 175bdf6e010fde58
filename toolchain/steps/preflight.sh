# shellcheck shell=bash
# What would make set-up fail half-way: said before it starts.

step_preflight() {
  step machine
  local system
  system=$(uname -sm)
  [[ $system == "Linux x86_64" ]] ||
    fail "this machine is \"$system\", but the ClickHouse library and the built tools are for Linux x86_64 only"
  local tool
  for tool in flock sha256sum tar gzip; do
    type -P "$tool" >/dev/null || fail "set-up needs the command \"$tool\", which is not on PATH; install it and try again"
  done
  plan_pulumi
  check_disk
  chose "$system, $(free_gb "$CACHE") GB free for $CACHE"
}

# Megabytes that what is still missing will take, one line `MB<tab>FOLDER<tab>WHAT` each.
wanted_space() {
  [[ -x $LOCAL/bin/node || -d $NODE_PLACE ]] || printf '250\t%s\tNode\n' "$CACHE"
  [[ -d $PACKAGES_PLACE ]] || printf '1100\t%s\tnpm packages\n' "$CACHE"
  if tools_missing "${NEEDED_TOOLS[@]}"; then
    printf '500\t%s\ttools\n' "$CACHE"
    printf '8500\t%s\tGo builds\n' "$(go_work_folder)"
  fi
  [[ -e $LOCAL/bin/clickhouse ]] || printf '1100\t%s\tClickHouse\n' "$CACHE"
  [[ -e $LOCAL/chosen/images ]] || printf '2500\t%s\tDocker images\n' /var/lib/docker
}

check_disk() {
  [[ -z ${ZAKAZ_SKIP_DISK_CHECK:-} ]] || return 0
  local megabytes folder what file_system free
  declare -A wanted=() available=() whats=() folders=()
  while IFS=$'\t' read -r megabytes folder what; do
    read -r free file_system < <(disk "$folder")
    available[$file_system]=$free
    folders[$file_system]=$folder
    wanted[$file_system]=$((${wanted[$file_system]:-0} + megabytes))
    whats[$file_system]+="${whats[$file_system]:+, }$what"
  done < <(wanted_space)
  for file_system in "${!wanted[@]}"; do
    ((available[$file_system] >= wanted[$file_system])) ||
      fail "disk too small: set-up needs $(gb "${wanted[$file_system]}") GB on $file_system (${whats[$file_system]}; for ${folders[$file_system]}) and $(gb "${available[$file_system]}") GB are free; free some, or set XDG_CACHE_HOME to a folder on a larger disk (ZAKAZ_SKIP_DISK_CHECK=1 tries all the same)"
  done
}

# Prints `free-megabytes mount-point` of the file system that a folder is, or will be, on.
disk() {
  local folder=$1
  while [[ ! -d $folder ]]; do folder=$(dirname "$folder"); done
  df -Pm "$folder" | awk 'NR == 2 { print $4, $6 }'
}

free_gb() {
  local free _
  read -r free _ < <(disk "$1")
  gb "$free"
}

# Megabytes as gigabytes with one decimal.
gb() { printf '%d.%d' $(($1 / 1024)) $(($1 % 1024 * 10 / 1024)); }
