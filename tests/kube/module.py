# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of k3s_role, and programs that stand in for kubectl."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

MODULE = os.environ.get("K3S_ROLE") or str(Path(__file__).resolve().parents[2] / "library/k3s_role")
SECONDS = 600


class Result(dict):
    """What the module answered; `output` is all that it printed."""

    def __init__(self, done):
        self.output = done.stdout + done.stderr
        lines = [line for line in done.stdout.splitlines() if line]
        assert len(lines) == 1 and not done.stderr, (done.returncode, self.output)
        super().__init__(json.loads(lines[0]))
        assert done.returncode == (1 if self.failed else 0), self.output

    @property
    def failed(self):
        return self.get("failed", False)

    def of(self, node):
        """{(op, key): (before, after)} of a Node's actions."""
        return {(a["op"], a["key"]): (a["before"], a["after"]) for a in self["actions"] if a["node"] == node}


class Role:
    """The module with an administrator's kubeconfig."""

    def __init__(self, cluster, folder):
        self.cluster, self.folder = cluster, folder
        self.kubectl = cluster.programs / "kubectl"
        self.kubeconfig = cluster.admin
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"}
        self.count = 0

    def command(self, nodes, under=(), **options):
        self.count += 1
        file = self.folder / f"arguments-{self.count}.json"
        defaults = {"nodes": nodes, "kubeconfig": str(self.kubeconfig), "kubectl": str(self.kubectl), "timeout": 30}
        given = {key: value for key, value in {**defaults, **options}.items() if value is not None}
        file.write_text(json.dumps(given))
        return [*map(str, under), MODULE, str(file)]

    def start(self, nodes, **options):
        return subprocess.Popen(self.command(nodes, **options), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, env=self.environment, cwd="/")

    def run(self, nodes, check=False, diff=False, **options):
        process = self.start(nodes, _ansible_check_mode=check, _ansible_diff=diff, **options)
        try:
            out, err = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
        return Result(subprocess.CompletedProcess(process.args, process.returncode, out, err))

    def converge(self, nodes, **options):
        """A run that succeeds, and one after it that finds nothing to do."""
        first = self.run(nodes, **options)
        assert not first.failed, first
        second = self.run(nodes, **options)
        assert not second.failed and not second["changed"] and not second["actions"], second
        return first

    def on_host(self, check=False, diff=False, **options):
        return self.run(None, check, diff, kubeconfig=None, kubectl=None, timeout=None, **options)


def program(path, *lines):
    """An executable shell script."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("\n".join(["#!/bin/sh", *lines, ""]))
    Path(path).chmod(0o755)
    return Path(path)


def between(folder, kubectl, change):
    """A kubectl with which something happens once, after the Nodes were read and before the first write."""
    done = folder / "happened"
    return program(folder / "between/kubectl",
                   f'case " $* " in *" get "*) ;; *) [ -e {done} ] || {{ touch {done}; {change}; }} >/dev/null ;; esac',
                   f'exec {kubectl} "$@"')


def after(folder, kubectl, change, once=True):
    """A kubectl with which something happens after the first write, or after each, before it says so."""
    done = folder / "happened"
    asked = f"[ -e {done} ] ||" if once else ""
    return program(folder / "after/kubectl", f'{kubectl} "$@"; status=$?',
                   f'case " $* " in *" replace "*) {asked} {{ touch {done}; {change}; }} >/dev/null ;; esac',
                   "exit $status")


def installed(folder, *files):
    """Words before a command, for which (PATH, PROGRAM) pairs are installed, and no other k3s or kubectl."""
    upper = folder / "installed"
    lines = [f"mkdir -p {upper} && mount -t tmpfs tmpfs {upper}"]
    for place in ("/usr", "/etc"):
        layers = f"lowerdir={place},upperdir={upper}{place},workdir={upper}/work{place}"
        lines.append(f"mkdir -p {upper}{place} {upper}/work{place}")
        lines.append(f"mount -t overlay -o {layers} overlay {place}")
    lines.append("rm -f /usr/bin/kubectl /usr/local/bin/kubectl /usr/bin/k3s /usr/local/bin/k3s")
    lines += [f"mkdir -p $(dirname {path}) && ln -sf {target} {path}" for path, target in files]
    return ["unshare", "--mount", program(folder / "install", "set -e", *lines, 'exec "$@"')]


def node(name, role="wkr", **more):
    return {"name": name, "role": role, **more}
