# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a binary module from a copy kept on the host: one command a task, arguments on standard input.

The stock way copies a binary and its arguments to the host for every task, in seven SSH operations.
Here the host is asked to run the copy it has, if its sha256 is the right one; it answers with its
architecture when it has none, and gets one. The binary for hosts of another architecture than the
module's own file stands beside it as NAME_linux_ARCHITECTURE.

Each module has a symbolic link to this file under its own name. Where standard input can't be used
(async, su, no pipelining, files to be kept) the stock way is taken, and also, with a warning, where
the host can't keep a copy safely or can't run it. docs/action-plugin.md tells more.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.vars import merge_hash

try:  # up to 2.20; a later core's results have a method
    from ansible.vars.clean import remove_internal_keys
except ImportError:
    remove_internal_keys = None

try:  # ansible-core 2.19 and later
    from ansible.module_utils.common.json import Direction, get_module_decoder, get_module_encoder

    ENCODER = get_module_encoder("legacy", Direction.CONTROLLER_TO_MODULE)
    get_module_decoder("legacy", Direction.MODULE_TO_CONTROLLER)  # imported here, not again in each worker
    PROFILE = ("legacy",)
except ImportError:
    ENCODER = None
    PROFILE = ()

ELF_MACHINES = {0x3E: "x86_64", 0xB7: "aarch64"}
ANSWER = re.compile(r"^ecoma-fleet: (\w+)(?: (.*?))?\s*$", re.MULTILINE)

# The commands for the host. They have no single quotes and become one line, so that the layers of
# quoting around them stay short, and that every login shell passes them on.

# $0 is the module, $1 how many bytes come on standard input, $2... are ARCHITECTURE:SHA256. `unsafe`
# names what others than this user or root could change; a symbolic link has mode 777, so it is named
# too. $@ become the cache directory and all above it. Hosts of several architectures may share a
# home, but not /var/cache. find has to be able to return to where it was started, and sudo leaves it
# in a directory of somebody else.
PLACES = """
length=$1; shift;
if [ -O / ]; then me=0 arch= d=/var/cache; umask 022;
else me=$(id -u) arch=" $(uname -m)" d=$(cd -P "${HOME:?}" && pwd)/.cache; umask 077; fi;
d=$d/ecoma-fleet; f=$d/$0; p=$d; good=" $* "; set --;
while [ "$p" ]; do set -- "$@" "$p"; p=${p%/*}; done;
unsafe() { cd / && exec find / "$@" -prune "(" -perm /022 -o ! -user 0 ! -user "$me" ")"; };
is_good() { case $good in *"$arch:${1%"  -"} "*) ;; *) false;; esac; };
answer() { echo "ecoma-fleet:" $*; exit; };
"""

# The file is opened once: what was hashed is what runs, whatever happens to its name meanwhile. The
# hash and the names of what is unsafe are found at the same time; only a hash alone is good.
# Standard input isn't read to its end, which may be late: ssh sends the end in a packet of its own, and
# TCP holds that back until the host has acknowledged the one before, which takes it up to 40 ms.
RUN = """
bad=;
[ -f "$f" ] && {
if sum=$(sha256sum <&3 & unsafe "$@" "$f") && is_good "$sum"; then
/proc/self/fd/3 - "$length"; rc=$?;
case $rc in 126|127) answer unusable "$f does not run there";; *) exit $rc;; esac;
fi; bad=$(unsafe "$@" "$f"); } 3<"$f";
case $bad in ""|"$f") answer missing $(uname -m);; *) answer unusable "others can write to $bad";; esac
"""

# Standard input has to be read to its end, or ssh takes it for a lost connection.
KEEP = """
why=$(exec 2>&1;
mkdir -p "$d" && bad=$(unsafe "$@") || exit;
[ -z "$bad" ] || { echo "others can write to $bad"; exit 1; };
find "$d" -name ".new.*" -mmin +60 -exec rm -f {} +;
t=$(mktemp "$d/.new.XXXXXX") || exit;
cat >"$t" && { is_good "$(sha256sum <"$t")" || { echo "it arrived damaged"; false; }; } &&
chmod 755 "$t" && mv -f "$t" "$f" || { rm -f "$t"; exit 1; }) && answer kept;
cat >/dev/null; answer unusable "$why"
"""


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        self._supports_check_mode = True
        self._supports_async = True
        result = super().run(tmp, task_vars)
        wrap_async = bool(self._task.async_val)
        binaries = self._find_binaries()
        problem = None
        done = None
        if binaries and self._takes_standard_input(wrap_async):
            done, problem = self._run_kept(binaries, task_vars)
        if done is None:
            done = self._run_stock(binaries, task_vars, wrap_async)
        if problem:
            done["warnings"] = [*done.get("warnings", []), problem]
        result = merge_hash(result, done)
        if not wrap_async:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _find_binaries(self):
        """Architecture to path; empty when the module is something else than a binary of ours."""
        found = self._shared_loader_obj.module_loader.find_plugin_with_context(
            self._task.action, "", collection_list=self._task.collections
        )
        path = found.plugin_resolved_path if found.resolved else None
        own = path and elf_machine(path)
        if not own:
            return {}
        beside = {machine: f"{path}_linux_{machine}" for machine in ELF_MACHINES.values()}
        return {**{m: p for m, p in beside.items() if os.path.exists(p)}, own: path}

    def _takes_standard_input(self, wrap_async):
        try:
            return self._is_pipelining_enabled("new", wrap_async)
        except AssertionError:  # how Mitogen's strategy says that it isn't asked: it always pipelines
            return not wrap_async and not C.DEFAULT_KEEP_REMOTE_FILES

    def _run_kept(self, binaries, task_vars):
        """The result and None, or None and why the stock way has to be taken: nothing ran then."""
        for path in binaries.values():
            self._display.vvv(f"Using module file {path}")
        contents = {machine: read(path) for machine, path in binaries.items()}
        good = [f"{m}:{hashlib.sha256(data).hexdigest()}" for m, data in contents.items()]
        arguments = self._arguments(task_vars)
        answer, state, detail = self._ask(RUN, good, arguments)
        if state == "missing":
            data = contents[self._known(detail, binaries)]
            answer, state, detail = self._ask(KEEP, good, data)
            if state == "kept":
                answer, state, detail = self._ask(RUN, good, arguments)
        if state is None:
            return self._parse(answer), None
        return None, f"{self._task.action} runs the slow way, without a copy kept on the host: {detail}"

    def _arguments(self, task_vars):
        arguments = self._task.args.copy()
        self._update_module_args(self._task.action, arguments, task_vars)
        return json.dumps(arguments, cls=ENCODER).encode()

    def _ask(self, script, good, data):
        """What the host answered, and if it is the script that did: its state, and a detail."""
        name = self._task.action.rpartition(".")[2]
        line = " ".join((PLACES + script).split("\n")).strip()
        words = ["/bin/sh", "-c", line, name, str(len(data)), *good]
        command = " ".join([self._compute_environment_string(), *map(shlex.quote, words)])
        answer = self._low_level_execute_command(command.strip(), in_data=data)
        found = ANSWER.search(answer["stdout"])
        return (answer, *found.groups()) if found else (answer, None, None)

    def _parse(self, answer):
        """As _execute_module does it."""
        result = self._parse_returned_data(answer, *PROFILE)
        if remove_internal_keys:
            remove_internal_keys(result)
            return result
        result.remove_internal_keys()
        return result.as_result_dict(for_round_trip=True)

    def _run_stock(self, binaries, task_vars, wrap_async):
        name = self._task.action
        if len(binaries) > 1:
            machine = self._low_level_execute_command("uname -m")["stdout"].split()[-1:]
            path = binaries[self._known("".join(machine), binaries)]
            name = ".".join([*name.split(".")[:-1], os.path.basename(path)])
        return self._execute_module(module_name=name, task_vars=task_vars, wrap_async=wrap_async)

    def _known(self, machine, binaries):
        if machine not in binaries:
            raise AnsibleActionFail(
                f"{self._task.action} is built for {', '.join(sorted(binaries))}, and the host is {machine!r}"
            )
        return machine


def elf_machine(path):
    with open(path, "rb") as file:
        head = file.read(20)
    return ELF_MACHINES.get(head[18]) if head[:4] == b"\x7fELF" and len(head) == 20 else None


def read(path):
    with open(path, "rb") as file:
        return file.read()
