# SPDX-License-Identifier: GPL-3.0-or-later
"""The module killed at any moment: no Node is half done, and the next run finishes the work."""

import random
import re
import shutil
import subprocess
import time

import pytest
from api import labels_of, node_object, state_of, taint, taints_of
from module import node, program

COUNT, SAMPLE, SEED = 4, 24, 6
CALLS = "execve,vfork,fork,clone,clone3,pipe2,write,writev,read,poll,ppoll,wait4,waitid,close,openat"
FOREIGN = [taint("example.org/gpu:NoSchedule")]
BEFORE = [node(f"n{number}", "wkr", storage_tiers=["hot"]) for number in range(COUNT)]
AFTER = [node(f"n{number}", "sts", storage_tiers=["cold"]) for number in range(COUNT)]


@pytest.fixture
def nodes(api, role):
    for number in range(COUNT):
        api.create(node_object(f"n{number}", {"example.org/rack": "r7"}, taints=FOREIGN))
    role.converge(AFTER)
    done = states(api)
    role.converge(BEFORE)
    return states(api), done


def states(api):
    return {name: state_of(found) for name, found in api.nodes().items()}


def check(api, role, nodes):
    """Each Node is as before or as wanted; then all are as wanted, by one run. And back for the next time."""
    before, done = nodes
    for name, state in states(api).items():
        assert state in (before[name], done[name]), state
    role.converge(AFTER)
    assert states(api) == done
    role.converge(BEFORE)
    assert states(api) == before


def traced(role, log, *words):
    command = role.command(AFTER, under=["strace", "-f", "-o", log, *words])
    subprocess.run(command, env=role.environment, capture_output=True, timeout=120, check=False, cwd="/")
    return log.read_text(errors="replace")


@pytest.mark.skipif(not shutil.which("strace"), reason="strace isn't installed")
def test_at_system_calls_of_the_module(api, role, nodes, tmp_path):
    """A sample of all that it makes itself, kubectl's left out."""
    role.environment["PATH"] = "/usr/bin:/bin"
    trace = traced(role, tmp_path / "all", "-e", f"trace={CALLS}")
    check(api, role, nodes)
    own = trace.split(maxsplit=1)[0]
    sites, counts = [], {}
    for call in re.findall(rf"^{own} +(\w+)\(", trace, re.MULTILINE):
        counts[call] = counts.get(call, 0) + 1
        sites.append((call, counts[call]))
    assert len(sites) > SAMPLE, trace
    killed = 0
    for call, when in random.Random(SEED).sample(sites, SAMPLE):
        trace = traced(role, tmp_path / "one", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={when}")
        killed += "+++ killed by SIGKILL +++" in trace
        check(api, role, nodes)
    assert killed > SAMPLE // 2


def test_at_moments_spread_over_the_whole_run(api, role, nodes):
    started = time.monotonic()
    assert not role.run(AFTER).failed
    took = time.monotonic() - started
    role.converge(BEFORE)
    for moment in range(12):
        process = role.start(AFTER)
        time.sleep(took * moment / 12)
        process.kill()
        process.communicate()
        settle(api)
        check(api, role, nodes)


def settle(api):
    """An orphaned kubectl goes on for a moment."""
    state, seen = states(api), None
    while state != seen:
        time.sleep(0.3)
        state, seen = states(api), state


@pytest.mark.parametrize("verb", ["before", "after"])
def test_its_kubectl_is_killed_around_the_write(api, role, nodes, tmp_path, verb):
    """Before: nothing was sent. After: all was, and the answer is lost."""
    real, marker = role.kubectl, tmp_path / "killed"
    run = f'{real} "$@" >/dev/null;' if verb == "after" else ""
    role.kubectl = program(tmp_path / "kubectl",
                           f'case " $* " in *" get "*) ;; *) [ -e {marker} ] || {{ touch {marker}; {run} kill -9 $$; }} ;; esac',
                           f'exec {real} "$@"')
    role.run(AFTER, timeout=5)
    assert marker.exists()
    role.kubectl = real
    check(api, role, nodes)
    assert FOREIGN[0] in taints_of(api.node("n0")) and labels_of(api.node("n0"))["example.org/rack"] == "r7"
