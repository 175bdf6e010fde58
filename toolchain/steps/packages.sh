# shellcheck shell=bash
# The npm packages of the program. Installed once per lock file into the cache; checkouts get hard links.

PACKAGES_RECIPE=$(recipe "$ROOT/package.json" "$ROOT/package-lock.json")
PACKAGES_PLACE=$CACHE/packages/$PACKAGES_RECIPE

step_packages() {
  step packages
  if [[ -f $ROOT/node_modules/.zakaz-recipe && $(<"$ROOT/node_modules/.zakaz-recipe") == "$PACKAGES_RECIPE" ]]; then
    chose "as in package-lock.json"
    return
  fi
  local how="linked from the cache"
  if [[ ! -d $PACKAGES_PLACE ]]; then
    how="installed by npm ci, install scripts off"
    need_npm
    in_cache "$PACKAGES_PLACE" install_packages_of_lock
    forget_old_packages
  fi
  link_tree "$PACKAGES_PLACE/node_modules" "$ROOT/node_modules"
  chose "$how"
}

install_packages_of_lock() {
  cp "$ROOT/package.json" "$ROOT/package-lock.json" "$1"
  # A checkout's own npm settings count, as they would in it.
  if [[ -f $ROOT/.npmrc ]]; then cp "$ROOT/.npmrc" "$1"; fi
  long "npm ci" run_npm ci --prefix "$1" "${NPM_FLAGS[@]}"
  printf '%s' "$PACKAGES_RECIPE" >"$1/node_modules/.zakaz-recipe"
}

# Checkouts hold hard links, so that only the space of lock files no longer used is at stake: the last three stay.
forget_old_packages() {
  find "$CACHE/packages" -mindepth 1 -maxdepth 1 -type d -name '[0-9a-f]*' -printf '%T@ %p\n' |
    sort -rn | tail -n +4 | cut -d' ' -f2- | xargs -r rm -rf
}
