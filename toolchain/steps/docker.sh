# shellcheck shell=bash
# Docker: the running engine; else, as root on Debian and Ubuntu, the distribution's, started here.

DOCKERD_LOG=$CACHE/dockerd.log

step_docker() {
  step docker
  DOCKER_HOW="running already"
  if ! find_docker; then
    [[ -z $DOCKER_DENIED ]] ||
      fail "Docker runs, but this user may not use it: run as root, or let root type \`usermod -aG docker $(id -un)\` and log in again"
    [[ -z ${DOCKER_HOST:-} ]] ||
      fail "no Docker engine answers at DOCKER_HOST=$DOCKER_HOST: start it, or unset DOCKER_HOST"
    local lock
    mkdir -p "$CACHE"
    exec {lock}>"$CACHE/.docker.lock"
    flock "$lock"
    # Another set-up may have started it meanwhile.
    find_docker || start_docker
    exec {lock}>&-
  fi
  if [[ $DOCKER == "${DOCKER_CLIENTS[0]}" ]]; then
    rm -f "$LOCAL/bin/docker"
  else
    link_tool "$DOCKER" docker
    DOCKER_HOW+="; ${DOCKER_CLIENTS[0]} cannot talk to it"
  fi
  chose "engine $ENGINE, $DOCKER_HOW; client $DOCKER"
}

# Sets DOCKER (client), DOCKER_CLIENTS (all on PATH) and ENGINE (version) when an engine answers; DOCKER_DENIED when it
# refused this user.
find_docker() {
  local client answer
  DOCKER_DENIED=""
  mapfile -t DOCKER_CLIENTS < <(machine_has docker)
  for client in "${DOCKER_CLIENTS[@]}"; do
    if answer=$(timeout 10 "$client" version --format '{{.Server.Version}}' 2>&1); then
      DOCKER=$client
      # A client that falls back to an older API says so on a line before.
      ENGINE=${answer##*$'\n'}
      return 0
    fi
    if [[ $answer == *"permission denied"* ]]; then DOCKER_DENIED=yes; fi
  done
  return 1
}

# Sets DOCKER_HOW.
start_docker() {
  local why="Docker's engine does not run"
  if [[ -z $(type -P dockerd) ]]; then
    why="there is no Docker engine"
    apt_install "$why" docker.io iptables
    DOCKER_HOW="client installed by set-up"
    # With the client alone missing, or with an init system, it runs by now.
    find_docker && return
  fi
  DOCKER_HOW="started by set-up"
  is_root || fail "$why: start it as root (\`sudo systemctl start docker\`, or \`sudo dockerd &\`) and run the same command again"
  if [[ -d /run/systemd/system ]]; then
    without_files systemctl start docker >/dev/null 2>&1 || true
    await_docker && return
    fail "Docker's engine does not start: \`journalctl -u docker -n 20\` says why"
  fi
  DOCKER_HOW+=", log in $DOCKERD_LOG"
  type -P iptables >/dev/null || apt_install "Docker's engine needs iptables" iptables
  launch_dockerd "$PATH" && return
  # Kernels without nf_tables: the engine gets the older iptables for itself, the machine's choice stays.
  if grep -qi iptables "$DOCKERD_LOG" && [[ -x /usr/sbin/iptables-legacy ]]; then
    note "the engine cannot use iptables as it is here: trying iptables-legacy"
    mkdir -p "$LOCAL/legacy"
    ln -sfn /usr/sbin/iptables-legacy "$LOCAL/legacy/iptables"
    ln -sfn /usr/sbin/ip6tables-legacy "$LOCAL/legacy/ip6tables"
    launch_dockerd "$LOCAL/legacy:$PATH" && return
  fi
  fail "Docker's engine does not start: $(last_words "$DOCKERD_LOG") (all of it: $DOCKERD_LOG)"
}

# Starts an engine of its own session with PATH=$1, which lives on when set-up ends, and waits until it answers.
launch_dockerd() {
  local pid_file=/var/run/docker.pid
  # A pid file of a machine that was switched off may name some other process by now; the engine then refuses.
  if [[ -f $pid_file && $(cat "/proc/$(<"$pid_file")/comm" 2>/dev/null) != dockerd ]]; then rm -f "$pid_file"; fi
  note "starting dockerd (log: $DOCKERD_LOG)"
  : >"$DOCKERD_LOG"
  # One process from here to dockerd: a shell that waited for it would keep our locks for as long as it runs.
  (
    PATH=$1
    close_files
    exec setsid dockerd
  ) >>"$DOCKERD_LOG" 2>&1 </dev/null &
  DOCKERD=$!
  await_docker
}

# Waits up to a minute for an engine, less when the one started here is gone.
await_docker() {
  local tenth
  for ((tenth = 0; tenth < 600; tenth++)); do
    if find_docker; then
      # It may have come up between two clients: the first one that can talk to it is wanted.
      find_docker
      return
    fi
    sleep 0.1
    [[ -z ${DOCKERD:-} ]] || kill -0 "$DOCKERD" 2>/dev/null || return 1
  done
  return 1
}
