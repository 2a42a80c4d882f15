# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Reading the recap at the end of ansible-playbook's output.

# recap FILE: a line for each host, "HOST changed=N failed=N unreachable=N", sorted.
recap() {
  sed -n '/^PLAY RECAP/,$p' "$1" |
    sed -nE 's/^(\S+)\s+:.*(changed=[0-9]+)\s+(unreachable=[0-9]+)\s+(failed=[0-9]+).*/\1 \2 \4 \3/p' |
    sort
}

# nothing_changed FILE COUNT: the recap has COUNT hosts, and each of them was reached and unchanged.
nothing_changed() {
  local hosts
  hosts=$(recap "$1")
  [ "$(grep -c ' changed=0 failed=0 unreachable=0$' <<<"$hosts")" -eq "$2" ] &&
    [ "$(wc -l <<<"$hosts")" -eq "$2" ]
}
