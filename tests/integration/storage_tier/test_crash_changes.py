"""Changes of mind killed at each system call that changes something: the next run finishes them,
and the files are there."""

import json
import subprocess

import pytest
import system
from crash import Figures, sample, sites_of
from host import FSTAB, OS, ROOT, SIZES, STORAGE_TIER

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
        if tier is None:
            return {"disks": [OS], "prune": True}
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
        tier = self.inventories[to]["disks"][-1]["tier"]
        if len(self.inventories[to]["disks"]) > 1:
            (mount,) = [m for m in system.mounts() if m["source"] == self.disk.path]
            assert mount["target"] == f"{ROOT}/{tier}"
            assert (self.host.tier(tier) / "file").read_text(encoding="utf-8") == "precious"
        else:
            assert [m for m in system.mounts() if m["source"] == self.disk.path] == []


@pytest.mark.parametrize("other", ("cold", None), ids=("move", "prune"))
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
    figures.finish("move" if other else "prune")
