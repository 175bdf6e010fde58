# shellcheck shell=bash
# Packages of Debian and Ubuntu, where set-up may install them.

# Installs packages of the distribution, or says in one sentence what is missing and how to get it.
# usage: apt_install "what needs them" PACKAGE...
apt_install() {
  local why=$1
  shift
  has_apt || fail "$why; install it and run the same command again (set-up installs packages on Debian and Ubuntu only)"
  is_root || fail "$why; as root: apt-get install $*"
  long "install $*" install_packages "$@"
}

install_packages() {
  local -a options=(-y --no-install-recommends -o DPkg::Lock::Timeout=300)
  export DEBIAN_FRONTEND=noninteractive
  # Lists are fetched only when they do not know the packages, or know files that are gone.
  without_files apt-get install "${options[@]}" "$@" && return
  without_files apt-get update -o DPkg::Lock::Timeout=300 && without_files apt-get install "${options[@]}" "$@"
}
