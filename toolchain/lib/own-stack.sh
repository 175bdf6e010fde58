# shellcheck shell=bash
# A throw-away `dev` stack of a commit, in a copy of the checkout with names, ports and state of its own. What calls this sets
# nothing up itself: the copy does, out of the cache. All of it is removed when the command ends.

WORK=$(mktemp -d)
COPY=$WORK/checkout

# Runs a command in the copy, with the copy's own tools and state.
in_copy() (
  cd "$COPY" || exit
  eval "$(toolchain/env)"
  "$@"
)

# Runs a command and shows what it says only when it fails, before sentence $1.
quietly() {
  local sentence=$1
  shift
  "$@" >"$WORK/log" 2>&1 </dev/null || { cat "$WORK/log" >&2 && fail "$sentence"; }
}

remove_copy() {
  local status=$?
  trap - EXIT ERR
  if [[ -f $COPY/.zakaz/state/.pulumi/stacks/zakaz/dev.json ]]; then
    in_copy pulumi destroy --yes --skip-preview --non-interactive >"$WORK/log" 2>&1 || { cat "$WORK/log" >&2 && status=1; }
  fi
  rm -rf "$WORK"
  exit "$status"
}
trap remove_copy EXIT
trap 'exit 130' INT TERM

# Makes the copy, and the stack of commit $1 in it, up to its configuration: the committed one, and settings KEY=VALUE.
# usage: own_stack COMMIT [KEY=VALUE...]      again: the files of another commit come in the place of those that are there
own_stack() {
  local commit=$1 setting
  shift
  local -a flags=()
  if [[ ! -d $COPY ]]; then
    git clone --quiet --shared "$ROOT" "$COPY"
    read -r HTTP_PORT NATIVE_PORT < <(node "$TOOLCHAIN/lib/free-ports.mjs" 2)
  fi
  for setting in "instance=$STEP$$" "httpPort=$HTTP_PORT" "nativePort=$NATIVE_PORT" "$@"; do
    flags+=(--plaintext "zakaz:$setting")
  done
  quietly "the files of ${commit:0:9} cannot be laid out" git -C "$COPY" checkout --force "$commit"
  quietly "set-up failed at ${commit:0:9}" "$COPY/toolchain/setup"
  quietly "there is no stack dev at ${commit:0:9}" in_copy pulumi stack select --create dev
  quietly "${commit:0:9} refuses the settings $*" in_copy pulumi config set-all "${flags[@]}"
}
