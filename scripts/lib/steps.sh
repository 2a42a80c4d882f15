# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Saying what runs and how long it took.

# step TITLE COMMAND...
step() {
  local title=$1 start=$EPOCHSECONDS
  shift
  printf '\n==> %s\n' "$title"
  "$@"
  printf '    %s: %s s\n' "$title" $((EPOCHSECONDS - start))
}

# quietly COMMAND...: its output is shown only when it fails.
quietly() {
  local output status=0
  output=$("$@" 2>&1) || status=$?
  [ "$status" -eq 0 ] || printf '%s\n' "$output" >&2
  return "$status"
}
