# shellcheck shell=bash
# npm, whose registry is the machine's own setting.

# No package may run a script while it is installed.
# shellcheck disable=SC2034 # used by the steps
NPM_FLAGS=(--ignore-scripts --no-audit --no-fund --include=dev --include=optional --prefer-offline)

need_npm() {
  type -P npm >/dev/null || apt_install "there is no npm on PATH" npm
}

# Where systems keep the certificate authorities they trust: Debian, Red Hat.
AUTHORITIES=(/etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt)

# Runs npm with the system's list of authorities, unless the user has chosen one. Node brings a list of its own, in which a
# company's authority is missing: behind its proxy or registry npm would fail with SELF_SIGNED_CERT_IN_CHAIN.
run_npm() {
  local list
  for list in "${AUTHORITIES[@]}"; do
    if [[ ! -v NODE_EXTRA_CA_CERTS && -f $list ]]; then local -x NODE_EXTRA_CA_CERTS=$list; fi
  done
  npm "$@"
}
