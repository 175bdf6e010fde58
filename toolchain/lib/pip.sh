# shellcheck shell=bash
# Packages of PyPI. Every one is pinned with its hash in a requirements file; the registry is the machine's own setting.

# shellcheck disable=SC2034 # used by the steps
PIP_FLAGS=(--no-deps --require-hashes --only-binary=:all: --disable-pip-version-check --no-compile)

# Sets PIP to a command line of pip: the machine's, else one in folder $2/.venv. $1 says what needs it.
need_pip() {
  if python3 -m pip --version >/dev/null 2>&1; then
    PIP=(python3 -m pip)
    return
  fi
  if ! python3 -m venv "$2/.venv" >/dev/null 2>&1; then
    apt_install "$1" python3-venv
    python3 -m venv "$2/.venv"
  fi
  PIP=("$2/.venv/bin/python" -m pip)
}
