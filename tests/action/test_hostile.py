# SPDX-License-Identifier: GPL-3.0-or-later
"""A local user of the host attacks for as long as tasks run; mallory.c is what he does."""

from __future__ import annotations

import os
import shutil

import pytest

LONGEST = 500  # seconds; he is stopped when the tasks are done
PLACE = "/var/cache/ecoma-fleet"
TASK = {"name": "probe", "probe_module": {"password": "correct-horse", "item": "{{ item }}"}, "ignore_errors": True}

# What the plugin would be without its care: it doesn't look who may write, and it runs a name.
WEAKENED = {
    'unsafe() { cd / && exec find / "$@" -prune "(" -perm /022 -o ! -user 0 ! -user "$me" ")"; };': "unsafe() { :; };",
    '/proc/self/fd/3 - "$length"; rc=$?;': '{ cp "$f" /dev/null; "$f" - "$length"; }; rc=$?;',
    "sha256sum <&3": 'sha256sum <"$f"',
}


@pytest.fixture
def attack(nodes, site, ansible):
    """Tasks run as root while mallory is at it: how the arguments came, as whom his program ran, what he read."""
    root = nodes.root("alpha")
    shutil.copy(os.environ["MALLORY"], root / "opt/mallory")
    shutil.copy(site.library / "probe_module", root / "opt/right_copy")

    def run(times):
        nodes.in_node("alpha", "rm", "-f", "/tmp/ran-as")
        words = ["/opt/mallory", str(LONGEST), PLACE, "probe_module", "/opt/right_copy"]
        mallory = nodes.start("alpha", "mallory", *words)
        played = site.play(ansible, [{**TASK, "loop": list(range(times))}], become=True)
        assert mallory.poll() is None
        nodes.in_node("alpha", "pkill", "-x", "mallory")
        seen = [line for line in mallory.communicate()[0].splitlines() if line.startswith("read ")]
        ran_as = nodes.in_node("alpha", "sh", "-c", "cat /tmp/ran-as 2>/dev/null || :").split()
        results = played.one("probe")["result"]["results"]
        assert len(results) == times, played.output
        return {result.get("by") for result in results}, set(ran_as), seen

    yield run
    nodes.in_node("alpha", "sh", "-c", f"chmod 755 /var/cache; rm -rf {PLACE}* /tmp/ran-as")


def test_he_gets_nowhere(attack):
    by, ran_as, seen = attack(30)
    assert by == {"standard input"} and ran_as == set() and seen == []


def test_nor_where_he_may_write_beside_the_copy(nodes, attack):
    """The directory is one that he can replace at any moment: nothing runs from there."""
    nodes.in_node("alpha", "chmod", "777", "/var/cache")
    by, ran_as, seen = attack(15)
    assert by == {"file"} and ran_as == set() and seen == []


def test_a_weakened_plugin_loses(nodes, site, attack):
    plugin = site.actions / "kept_binary.py"
    text = plugin.read_text()
    for careful, careless in WEAKENED.items():
        assert careful in text
        text = text.replace(careful, careless)
    plugin.write_text(text)
    nodes.in_node("alpha", "chmod", "777", "/var/cache")
    assert any("0" in attack(40)[1] for _ in range(4))
