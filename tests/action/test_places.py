# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the copy lies, what is refused there, and what becomes of a copy that can't be kept."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from threading import Thread

import pytest

from hosts import fleet

ROOT = "/var/cache/ecoma-fleet"
HOME = "/home/admin/.cache/ecoma-fleet"
PROBE = [{"name": "probe", "probe_module": {"word": "x"}}]
SLOW = "runs the slow way"


def probe(site, ansible, become=True, tasks=None, **more):
    run = site.play(ansible, tasks or PROBE, become=become, **more)
    return {record["result"].get("by") for record in run.records}, run


def stat(nodes, path):
    return nodes.in_node("alpha", "stat", "-c", "%U %a", path).strip()


def sha256_on_host(nodes, path):
    return nodes.in_node("alpha", "sha256sum", path).split()[0]


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def plant(nodes, script):
    nodes.in_node("alpha", "sh", "-ec", script)


def test_owner_and_mode(nodes, site, ansible):
    assert probe(site, ansible)[0] == {"standard input"}
    assert stat(nodes, ROOT) == "root 755"
    assert stat(nodes, f"{ROOT}/probe_module") == "root 755"
    assert probe(site, ansible, become=False)[0] == {"standard input"}
    assert stat(nodes, HOME) == "admin 700"
    assert stat(nodes, f"{HOME}/probe_module") == "admin 755"


def test_no_arguments_on_the_host(nodes, site, ansible):
    """Neither in a file nor on a command line nor in an environment, while the module runs."""
    probe(site, ansible)
    tasks = [{"name": "module", "probe_module": {"password": "correct-horse", "sleep": 10}}]
    pattern = "correct-hors[e]"  # doesn't match itself
    places = "/tmp /home /var /root /run /dev/shm /proc/[0-9]*/cmdline /proc/[0-9]*/environ"
    found = []

    def runs():
        return bool(nodes.in_node("alpha", "pgrep", "-f", "proc/self/fd/[3]", check=False))

    def look():
        if fleet.wait_until(runs, 60):
            found.append(nodes.in_node("alpha", "sh", "-c", f"grep -lr {pattern} {places} 2>/dev/null || :"))
            found.append(runs())

    looking = Thread(target=look)
    looking.start()
    by, _ = probe(site, ansible, tasks=tasks)
    looking.join()
    assert by == {"standard input"} and found == ["", True]


def test_an_old_version_is_replaced_and_leaves_nothing(nodes, site, ansible):
    probe(site, ansible)
    with open(site.library / "probe_module", "ab") as file:
        file.write(b"a later version")
    assert probe(site, ansible)[0] == {"standard input"}
    assert nodes.in_node("alpha", "ls", "-A", ROOT).split() == ["probe_module"]
    assert sha256_on_host(nodes, f"{ROOT}/probe_module") == sha256(site.library / "probe_module")


def test_what_a_broken_transfer_left_goes(nodes, site, ansible):
    plant(nodes, f"mkdir -p {ROOT}; touch -d '2 hours ago' {ROOT}/.new.abcdef")
    probe(site, ansible)
    assert nodes.in_node("alpha", "ls", "-A", ROOT).split() == ["probe_module"]


EVIL = "printf '#!/bin/sh\\necho \"{\\\\\"by\\\\\": \\\\\"mallory\\\\\"}\"\\n' >/tmp/evil; chmod 777 /tmp/evil; chown mallory /tmp/evil"
REPLACED = {
    "a file of another user": f"mkdir {ROOT}; cp -p /tmp/evil {ROOT}/probe_module",
    "root's file, others may write": f"mkdir {ROOT}; cp /tmp/evil {ROOT}/probe_module; chown root {ROOT}/probe_module",
    "a symbolic link to a file": f"mkdir {ROOT}; ln -s /tmp/evil {ROOT}/probe_module",
    "a dangling symbolic link": f"mkdir {ROOT}; ln -s /nonexistent {ROOT}/probe_module",
    "an empty file": f"mkdir {ROOT}; : >{ROOT}/probe_module",
}
REFUSED = {
    "a directory of another user": f"install -d -o mallory {ROOT}; cp -p /tmp/evil {ROOT}/probe_module",
    "a directory that others may write to": f"install -d -m 775 -g mallory {ROOT}; cp -p /tmp/evil {ROOT}/probe_module",
    "a parent that others may write to": f"mkdir {ROOT}; chmod 777 /var/cache; cp -p /tmp/evil {ROOT}/probe_module",
    "a symbolic link to a directory": f"install -d -o mallory /tmp/theirs; cp -p /tmp/evil /tmp/theirs/probe_module; ln -s /tmp/theirs {ROOT}",
    "a symbolic link to root's directory": f"ln -s /etc {ROOT}",
    "a file instead of the directory": f": >{ROOT}",
}


@pytest.fixture
def host(nodes):
    plant(nodes, EVIL)
    yield nodes
    plant(nodes, f"chmod 755 /var/cache; rm -rf {ROOT} /tmp/theirs /tmp/evil /etc/probe_module")


@pytest.mark.parametrize("what", REPLACED)
def test_replaced(host, site, ansible, what):
    plant(host, REPLACED[what])
    by, run = probe(site, ansible)
    assert by == {"standard input"} and SLOW not in run.output, run.output
    assert stat(host, f"{ROOT}/probe_module") == "root 755"


@pytest.mark.parametrize("what", REFUSED)
def test_refused(host, site, ansible, what):
    """Also where the copy itself is the right one."""
    plant(host, REFUSED[what])
    by, run = probe(site, ansible)
    assert by == {"file"} and SLOW in run.output, run.output
    host.in_node("alpha", "sh", "-c", f"[ ! -e /etc/probe_module ] && [ ! -e {ROOT}/.new.* ]")


def test_right_copy_in_a_wrong_place(host, site, ansible):
    probe(site, ansible)
    plant(host, f"chmod g+w {ROOT}")
    by, run = probe(site, ansible)
    assert by == {"file"} and f"others can write to {ROOT}" in run.output.replace("\n", " "), run.output


def test_noexec_home_says_so_once(nodes, site, controller):
    if controller.needs_python:
        pytest.skip("Mitogen needs Python, which that node doesn't have")
    nodes.in_node("alpha", "sh", "-ec", "mkdir -p /home/admin/.cache; chown admin: /home/admin/.cache;"
                  "mount -t tmpfs -o noexec,uid=$(id -u admin),mode=700 none /home/admin/.cache")
    try:
        tasks = [{"name": name, "probe_module": {}} for name in ("one", "two", "three")]
        by, run = probe(site, controller, become=False, tasks=tasks)
    finally:
        nodes.in_node("alpha", "umount", "/home/admin/.cache")
    assert by == {"file"} and len(run.records) == 3, run.output
    assert run.output.replace("\n", " ").count(SLOW) == 1, run.output


def test_full_disk_says_so_once(nodes, site, ansible):
    nodes.in_node("alpha", "sh", "-ec", f"mkdir -p {ROOT}; mount -t tmpfs -o size=4k,mode=755 none {ROOT}")
    try:
        by, run = probe(site, ansible, tasks=PROBE * 3)
        left = nodes.in_node("alpha", "ls", "-A", ROOT)
    finally:
        nodes.in_node("alpha", "umount", ROOT)
    assert by == {"file"} and run.output.replace("\n", " ").count(SLOW) == 1, run.output
    assert "No space left" in run.output
    assert left == ""


def test_hosts_that_share_a_node_keep_one_copy(nodes, site, ansible):
    address = nodes.inventory()["all"]["hosts"]["alpha"]["ansible_host"]
    names = [f"same-{number}" for number in range(12)]
    inventory = {"all": {"hosts": {name: {"ansible_host": address} for name in names},
                         "vars": nodes.inventory()["all"]["vars"]}}
    (site.folder / "hosts.json").write_text(json.dumps(inventory))
    by, run = probe(site, ansible, hosts="all", environment={"ANSIBLE_FORKS": "12"})
    assert by == {"standard input"} and len(run.records) == 12 and SLOW not in run.output, run.output
    assert nodes.in_node("alpha", "ls", "-A", ROOT).split() == ["probe_module"]


def test_busybox(nodes, site, ansible):
    """A host whose tools are busybox', all of them."""
    busybox = shutil.which("busybox")
    if not busybox:
        pytest.skip("busybox isn't installed")
    folder = nodes.root("alpha") / "opt/busybox"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(busybox, folder)
    for tool in ("sh", "find", "sha256sum", "id", "uname", "mkdir", "mktemp", "cat", "head", "chmod", "mv", "rm"):
        if not os.path.lexists(folder / tool):
            os.symlink("busybox", folder / tool)
    shells = {"ansible_shell_executable": "/opt/busybox/sh"}
    by, run = probe(site, ansible, vars=shells, tasks=[{**PROBE[0], "environment": {"PATH": "/opt/busybox"}}] * 2)
    assert by == {"standard input"}, run.output
    assert SLOW not in run.output
