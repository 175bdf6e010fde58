# shellcheck shell=bash
# An S3 server, versitygw, built from its Go module: tests keep backups in it, nothing else needs it.

step_storage() {
  step storage
  local place=${GO_TOOL_PLACES[versitygw]} how="from the cache"
  if [[ ! -d $place ]]; then
    how="built from its Go module"
    in_cache "$place" build_alone versitygw
  fi
  link_tool "$(go_tool versitygw)" versitygw
  chose "versitygw $VERSITYGW_VERSION, $how"
}
