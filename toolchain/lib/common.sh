# shellcheck shell=bash
# Sourced by every command of toolchain/: where things are, and the words they are told in.

set -euo pipefail
shopt -s inherit_errexit

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
TOOLCHAIN=$ROOT/toolchain
LOCAL=$ROOT/.zakaz
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/zakaz
LOGS=$LOCAL/log

# shellcheck source=../versions.sh
source "$TOOLCHAIN/versions.sh"
# shellcheck source=log.sh
source "$TOOLCHAIN/lib/log.sh"

# Prints $1, a PATH, without the folders of this checkout and of any other: what the machine itself has. Another checkout's
# tools go when it goes.
machine_path() {
  local folder kept=""
  local -a folders
  IFS=: read -rd '' -a folders < <(printf '%s:' "$1") || true
  for folder in "${folders[@]}"; do
    is_of_checkout "$folder" || kept+=:$folder
  done
  printf '%s' "${kept#:}"
}

# True for a folder of PATH that a checkout's `make env` may have put there.
is_of_checkout() {
  local real
  real=$(cd "$1" 2>/dev/null && pwd -P) || real=""
  [[ $1/ == */.zakaz/* || $real/ == */.zakaz/* || $1 == "$ROOT/node_modules/.bin" ]] && return
  [[ $1 == */node_modules/.bin && -d ${1%/node_modules/.bin}/.zakaz ]]
}

MACHINE_PATH=$(machine_path "$PATH")

# Prints every place of command $1 on the machine's own PATH, a line each; nothing when there is none.
machine_has() { PATH=$MACHINE_PATH type -aP "$1" || true; }

# True when version $1 (a leading `v` or `go` is ignored) is $2 or newer.
version_at_least() {
  local -a have want
  local i
  IFS=.- read -ra have <<<"${1#"${1%%[0-9]*}"}"
  IFS=. read -ra want <<<"$2"
  for i in "${!want[@]}"; do
    local number=${have[i]:-0}
    number=${number%%[!0-9]*}
    ((10#${number:-0} > want[i])) && return 0
    ((10#${number:-0} < want[i])) && return 1
  done
  return 0
}

is_root() { [[ $(id -u) == 0 ]]; }

# True on Debian, Ubuntu and what calls itself like them.
has_apt() { type -P apt-get >/dev/null; }

# Closes every file of ours but the three standard ones, so that a daemon started next holds none of our locks.
close_files() {
  local file
  for file in "/proc/$BASHPID/fd/"*; do
    file=${file##*/}
    if ((file > 2)); then eval "exec $file>&-" 2>/dev/null || true; fi
  done
}

# Runs a command that may leave a daemon behind.
without_files() (
  close_files
  exec "$@"
)
