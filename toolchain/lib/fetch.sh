# shellcheck shell=bash
# Downloads of official releases, with short time limits: a machine without them must not wait for them.

RELEASES=https://get.pulumi.com/releases

# True when Pulumi's download site answers within 3 s; asked once per run.
releases_reachable() {
  if [[ -z ${RELEASES_REACHABLE:-} ]]; then
    RELEASES_REACHABLE=no
    if fetch "$RELEASES/sdk/pulumi-v$PULUMI_VERSION-checksums.txt" /dev/null 3; then RELEASES_REACHABLE=yes; fi
  fi
  [[ $RELEASES_REACHABLE == yes ]]
}

# usage: fetch URL FILE SECONDS   (the limit is for the connection; for /dev/null it is for everything)
fetch() {
  local -a whole=()
  if type -P curl >/dev/null; then
    [[ $2 == /dev/null ]] && whole=(--max-time "$3")
    curl -fsSL --connect-timeout "$3" "${whole[@]}" -o "$2" "$1" 2>/dev/null
  elif type -P wget >/dev/null; then
    [[ $2 == /dev/null ]] && whole=(timeout "$3")
    "${whole[@]}" wget -q --tries=1 --connect-timeout="$3" -O "$2" "$1"
  else
    return 1
  fi
}
