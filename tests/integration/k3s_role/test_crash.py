# SPDX-License-Identifier: GPL-3.0-or-later
"""A run killed, or failing, at each system call that changes something: the next one mends it."""

import re
import shutil
import subprocess
from collections import Counter

import pytest
from conftest import DROP_IN, K3S_ROLE

CHANGING = {"mkdir", "openat", "write", "fchmod", "fsync", "rename", "unlink", "flock"}
CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)", re.M)


def state():
    return {"content": DROP_IN.read_bytes() if DROP_IN.exists() else None,
            "names": sorted(p.name for p in DROP_IN.parent.iterdir()) if DROP_IN.parent.exists() else []}


def sites_of(host, options):
    """Each changing call of a run: its name, and the how-manieth it is."""
    log = host.folder / "strace.log"
    host.good(under=("strace", "-o", log), **options)
    counted, sites = Counter(), []
    for name, arguments, _ in CALL.findall(log.read_text()):
        counted[name] += 1
        if name in CHANGING and (name != "openat" or "O_CREAT" in arguments or "rancher" in arguments):
            sites.append((name, counted[name]))
    assert len(sites) > 8
    return sites


CASES = {"first": (None, {"role": "sts", "storage_tiers": ["hot"]}),
         "change": ({"role": "wkr"}, {"role": "sts", "storage_tiers": ["hot"]}),
         "absent": ({"role": "wkr"}, {"state": "absent"})}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("how", ["signal=KILL", "error=EIO", "error=ENOSPC"])
def test_each_call(host, case, how):
    before, options = CASES[case]

    def begin():
        shutil.rmtree("/etc/rancher", ignore_errors=True)
        if before:
            host.good(**before)
        return state()

    begin()
    sites = sites_of(host, options)
    wanted = state()
    fired = 0
    for name, when in sites:
        old = begin()
        argv = ["strace", "-qq", "-o", str(host.folder / "log"), "-e", f"inject={name}:{how}:when={when}",
                K3S_ROLE, host.arguments(**options)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        fired += done.returncode != 0
        assert state()["content"] in (old["content"], wanted["content"]), (name, when)
        if how != "signal=KILL" and name != "unlink":
            assert set(state()["names"]) <= {DROP_IN.name}, (name, when)
        after = host.good(**options)
        assert state() == wanted, (name, when, after)
        assert host.good(**options)["changed"] is False
    print(f"{case}, {how}: {len(sites)} calls, {fired} runs ended by it, all converged")
    assert fired == len(sites) if how == "signal=KILL" else fired > len(sites) / 3
