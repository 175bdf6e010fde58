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

# Prints $1, a PATH, without this checkout's own folders: what the machine itself has.
machine_path() {
  local own kept=:$1:
  for own in "$LOCAL/bin" "$ROOT/node_modules/.bin"; do
    kept=${kept//":$own:"/:}
  done
  kept=${kept#:}
  printf '%s' "${kept%:}"
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
