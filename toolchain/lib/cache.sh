# shellcheck shell=bash
# The cache shared by all checkouts of this user: $CACHE/<tool>/<version>-<hash of the recipe>/.

# Prints a short hash of a recipe: the files named, and texts given as `=text`. A missing file is an error.
recipe() {
  local part hash
  hash=$(
    for part in "$@"; do
      case $part in
        =*) printf '%s\n' "${part#=}" ;;
        *) cat -- "$part" || exit 1 ;;
      esac
    done | sha256sum
  )
  printf '%s' "${hash:0:12}"
}

# Makes folder $1 of the cache unless it is there: runs the rest of the arguments with a new folder behind them, and
# renames that when it is complete. One maker at a time; what a killed one left is removed.
in_cache() {
  local place=$1 parent=${1%/*} made lock
  shift
  [[ -d $place ]] && return
  mkdir -p "$parent"
  exec {lock}>"$parent/.lock"
  if ! flock -n "$lock"; then
    note "another set-up is making ${place#"$CACHE/"}: waiting for it"
    flock "$lock"
  fi
  # Makers' children hold the lock as well: nobody is writing there any more.
  rm -rf "$parent"/.new.*
  if [[ ! -d $place ]]; then
    made=$parent/.new.$$.$RANDOM
    mkdir "$made"
    "$@" "$made"
    mv -T "$made" "$place"
  fi
  exec {lock}>&-
}

# Puts a copy of folder $1 at $2, by hard links where the file system allows, and never half of it.
link_tree() {
  local beside=$LOCAL/new.${2##*/}
  rm -rf "$LOCAL/new.${2##*/}" "$LOCAL/old.${2##*/}"
  mkdir -p "${2%/*}"
  if ! cp -al "$1" "$beside" 2>/dev/null; then
    rm -rf "$beside"
    cp -a "$1" "$beside"
  fi
  if [[ -e $2 || -L $2 ]]; then mv -T "$2" "$LOCAL/old.${2##*/}"; fi
  mv -T "$beside" "$2"
  rm -rf "$LOCAL/old.${2##*/}"
}

# Puts file $1 at $2 too, by a hard link where the file system allows.
link_file() { ln "$1" "$2" 2>/dev/null || cp -a "$1" "$2"; }

# Links $1 as $LOCAL/bin/$2.
link_tool() {
  [[ -L $LOCAL/bin/$2 && $(readlink "$LOCAL/bin/$2") == "$1" ]] || ln -sfn "$1" "$LOCAL/bin/$2"
}
