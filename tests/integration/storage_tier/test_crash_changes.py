# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of mind killed at each system call that changes something: the next run finishes them,
and the files are there."""

import json
import os
import subprocess

import pytest
import system
from crash import Figures, sample, sites_of
from disk import MIB
from host import FSTAB, OS, RECORDS, ROOT, SIZES, STORAGE_TIER

LIMIT = 14


class Change:
    """A host whose disk has a file, and two inventories to go between."""

    def __init__(self, host, one, other):
        self.host = host
        self.disk = host.add_disk("data-0", SIZES["ext4"])
        self.inventories = [self.arguments(one), self.arguments(other)]
        host.converge(**self.inventories[0])
        (host.tier("hot") / "file").write_text("precious", encoding="utf-8")
        self.uuid = system.blkid(self.disk.path)["UUID"]
        self.foreign = FSTAB.read_text(encoding="utf-8").splitlines()[:2]

    def arguments(self, tier):
        if tier == "prune":
            return {"disks": [OS], "prune": True}
        if tier == "absent":
            return {"disks": [], "state": "absent"}
        return {"disks": [OS, {"name": "data-0", "tier": tier, "device": self.disk.path}]}

    def trace(self, to, *strace):
        arguments = {"provider": "generic", "device_timeout": 0, **self.inventories[to]}
        path = self.host.arguments_file(json.dumps(arguments))
        log = self.host.folder / "strace.log"
        subprocess.run(["strace", "-s", "64", "-o", log, *strace, STORAGE_TIER, path],
                       capture_output=True, check=False, text=True)
        return log.read_text(errors="replace")

    def check(self, to):
        assert FSTAB.read_text(encoding="utf-8").splitlines()[:2] == self.foreign
        self.host.converge(**self.inventories[to])
        assert system.blkid(self.disk.path)["UUID"] == self.uuid
        if len(self.inventories[to]["disks"]) > 1:
            tier = self.inventories[to]["disks"][-1]["tier"]
            (mount,) = [m for m in system.mounts() if m["source"] == self.disk.path]
            assert mount["target"] == f"{ROOT}/{tier}"
            assert (self.host.tier(tier) / "file").read_text(encoding="utf-8") == "precious"
        else:
            assert [m for m in system.mounts() if m["source"] == self.disk.path] == []


@pytest.mark.parametrize("other", ("cold", "prune", "absent"))
def test_killed(make_host, other):
    change = Change(make_host(), "hot", other)
    sites = sites_of(change.trace(1))
    change.check(1)
    change.host.converge(**change.inventories[0])
    figures = Figures()
    for site in sample(sites, LIMIT):
        trace = change.trace(1, "-e", f"inject={site.call}:signal=KILL:when={site.when}")
        if "+++ killed by SIGKILL +++" not in trace:
            figures.missed.append(str(site))
        else:
            figures.done += 1
        change.check(1)
        change.host.converge(**change.inventories[0])
        change.check(0)
    figures.finish("move" if other == "cold" else other)


def test_power_is_cut_while_an_xfs_moves(host):
    """Its log has what is not in its place yet: as it lies it is not in order, and a mount mends it."""
    disk = host.add_disk(size=SIZES["xfs"])
    hot, cold = ([OS, {"name": "data-0", "tier": tier, "device": disk.path, "fstype": "xfs"}]
                 for tier in ("hot", "cold"))
    host.converge(hot)
    for number in range(500):
        (host.tier("hot") / str(number)).write_text("precious", encoding="utf-8")
    path = host.arguments_file(json.dumps({"disks": cold, "provider": "generic", "device_timeout": 0}))
    subprocess.run(["strace", "-o", "/dev/null", "-e", "inject=umount2:signal=KILL", STORAGE_TIER, path],
                   capture_output=True, check=False)
    assert len(list(RECORDS.iterdir())) == 1 and host.fstab_lines() == []
    system.tool("xfs_io", "-x", "-c", "shutdown -f", host.tier("hot"))
    system.tool("umount", host.tier("hot"))
    with pytest.raises(system.Failed):
        system.check_filesystem(disk.path)
    host.converge(cold)
    assert len(list(host.tier("cold").iterdir())) == 500 and list(RECORDS.iterdir()) == []


class Growth:
    """A host whose disk can be made larger again and again."""

    def __init__(self, host, fstype):
        self.host, self.fstype = host, fstype
        self.disk = host.add_disk("data-0", SIZES[fstype] if fstype == "swap" else 300 * MIB)  # btrfs has a least size
        self.wanted = {"name": "data-0", "tier": "swap" if fstype == "swap" else "hot", "device": self.disk.path}
        if fstype != "swap":
            self.wanted["fstype"] = fstype
        host.converge([OS, self.wanted])
        if fstype != "swap":
            (host.tier("hot") / "file").write_text("precious", encoding="utf-8")
        self.uuid = system.blkid(self.disk.path)["UUID"]

    def trace(self, *strace):
        self.disk.enlarge(32 * MIB)
        arguments = {"provider": "generic", "device_timeout": 0, "disks": [OS, self.wanted]}
        path, log = self.host.arguments_file(json.dumps(arguments)), self.host.folder / "strace.log"
        subprocess.run(["strace", "-s", "64", "-o", log, *strace, STORAGE_TIER, path],
                       capture_output=True, check=False, text=True)
        return log.read_text(errors="replace")

    def check(self):
        self.host.converge([OS, self.wanted])
        assert system.blkid(self.disk.path)["UUID"] == self.uuid
        assert list(RECORDS.iterdir()) == []
        if self.fstype == "swap":
            assert system.swap_bytes(self.disk.path) > self.disk.size - MIB
        else:
            statistics = os.statvfs(self.host.tier("hot"))
            assert statistics.f_blocks * statistics.f_frsize > self.disk.size * 3 // 4
            assert (self.host.tier("hot") / "file").read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize("fstype", ("btrfs", "swap"))
def test_killed_while_growing(make_host, fstype):
    growth = Growth(make_host(), fstype)
    sites = sites_of(growth.trace())
    growth.check()
    figures = Figures()
    for site in sample(sites, LIMIT):
        trace = growth.trace("-e", f"inject={site.call}:signal=KILL:when={site.when}")
        if "+++ killed by SIGKILL +++" not in trace:
            figures.missed.append(str(site))
        else:
            figures.done += 1
        growth.check()
    figures.finish(f"grow of {fstype}")
