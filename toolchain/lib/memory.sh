# shellcheck shell=bash
# Where tests keep their servers' data, their stacks' checkouts and states: memory, where the machine has plenty of it and programs
# may lie there. On a disk it costs twenty times as much to make a small file, and they make a hundred thousand.
# usage: source memory.sh; "${MEMORY[@]}" COMMAND... The folder goes when this process ends.
MEMORY=()
MEMORY_FOLDER=""

in_memory() {
  local free
  read -r free < <(df -Pm /dev/shm 2>/dev/null | awk '$1 == "tmpfs" && NR == 2 { print $4 }') || true
  ((${free:-0} >= 4096)) && MEMORY_FOLDER=$(mktemp -d /dev/shm/zakaz-test.XXXXXX) || return 0
  printf '#!/bin/sh\n' >"$MEMORY_FOLDER/may-run" && chmod +x "$MEMORY_FOLDER/may-run"
  if "$MEMORY_FOLDER/may-run" 2>/dev/null; then MEMORY=(env "TMPDIR=$MEMORY_FOLDER"); fi
}
trap '[[ -z $MEMORY_FOLDER ]] || rm -rf "$MEMORY_FOLDER"' EXIT
in_memory
