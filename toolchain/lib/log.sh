# shellcheck shell=bash
# One line per step, with what was found, what was chosen and why, and how long it took.

# Sets variable $1 to the milliseconds of the clock.
now() { printf -v "$1" '%s' "$((${EPOCHREALTIME/[.,]/} / 1000))"; }

# Sets variable $1 to the seconds since $2 (milliseconds of the clock), like "1.4 s".
since() {
  local ms
  now ms
  printf -v "$1" '%d.%d s' $(((ms - $2) / 1000)) $(((ms - $2) % 1000 / 100))
}

STEP=start
STEP_BEGAN=0

# Begins step $1; `chose` ends it.
step() {
  STEP=$1
  now STEP_BEGAN
}

# Ends the step with one line, which `doctor` shows again.
chose() {
  local took
  since took "$STEP_BEGAN"
  printf '%-9s %s  [%s]\n' "$STEP" "$1" "$took"
  printf '%s\n' "$1" >"$LOCAL/chosen/$STEP"
}

# A line within a step.
note() { printf '%-9s … %s\n' "$STEP" "$1"; }

# Ends the command with one sentence.
fail() {
  trap - ERR
  printf 'zakaz: %s\n' "$1" >&2
  exit 1
}

# For failures nobody foresaw: says where.
trap_unexpected() {
  trap 'fail "stopped at step \"$STEP\" ($(basename "${BASH_SOURCE[0]}"):$LINENO: \"${BASH_COMMAND%%$'"'\\n'"'*}\" failed)"' ERR
  set -E
}

# Ends all that process $1 has started.
end_descendants() {
  local child
  local -a children=()
  read -ra children <"/proc/$1/task/$1/children" || true
  for child in "${children[@]}"; do
    end_descendants "$child"
    kill "$child" || true
  done 2>/dev/null
}

# Runs a long command with its output in a log, telling every 20 s (every second on a terminal) that it is at it.
# usage: long WHAT COMMAND...   On failure: one sentence with the last line of the log, and where the log is.
long() {
  local what=$1 log began took status=0 ticker
  shift
  log=$LOGS/${what//[^a-zA-Z0-9.]/-}.log
  mkdir -p "$LOGS"
  now began
  note "$what (log: ${log#"$ROOT/"})"
  tick "$what" "$began" &
  ticker=$!
  ("$@") >"$log" 2>&1 </dev/null || status=$?
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  [[ -t 1 ]] && printf '\r\033[K'
  since took "$began"
  if ((status != 0)); then
    fail "$what failed after $took: $(last_words "$log") (all of it: $log)"
  fi
}

# The last line of a log that says something.
last_words() { { grep -v '^[[:space:]]*$' "$1" || echo "it said nothing"; } | tail -n 1 | cut -c1-300; }

# Closes all files of this (sub)shell but the three standard ones.
close_files() {
  local file
  for file in "/proc/$BASHPID/fd/"*; do
    file=${file##*/}
    if ((file > 2)); then eval "exec $file>&-" 2>/dev/null || true; fi
  done
}

# Ends by itself when the command that started it is gone; holds no lock meanwhile.
tick() {
  local what=$1 began=$2 took seconds=0 never
  exec 2>/dev/null
  close_files
  # Waiting to read what never comes is a sleep without a process of its own.
  exec {never}<> <(:)
  while ! read -rt 1 -u "$never" && kill -0 $$; do
    seconds=$((seconds + 1))
    since took "$began"
    if [[ -t 1 ]]; then
      printf '\r\033[K%-9s … %s, %s' "$STEP" "$what" "$took"
    elif ((seconds % 20 == 0)); then
      note "$what: ${took%.*} s so far"
    fi
  done
}
