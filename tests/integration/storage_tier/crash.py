# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are killed or fail at a chosen system call, and what must be true afterwards."""

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field

import system
from disk import copy_sparse
from host import FSTAB, OS, RECORDS, ROOT, SIZES, STORAGE_TIER
from tracing import parse

STAMP = b"storage_tier: a filesystem is being made here"
# "sample", or "K/N": of all places where a run can be ended, every Nth from the Kth on.
WHICH = os.environ.get("STORAGE_TIER_CRASH", "sample")
# Calls by which a run changes the system, or after which the system is another one.
STATE_CALLS = ("pwrite64", "write", "fsync", "rename", "unlink", "unlinkat", "mkdir", "rmdir", "mount", "umount2",
               "swapon", "swapoff", "fchmod", "fchown", "fsetxattr", "clone", "clone3", "vfork",
               "wait4", "flock")
CHANGING_IOCTLS = re.compile(r"FS_IOC_SETFLAGS|FS_IOC_SETFSLABEL|BLKRRPART")


@dataclass(frozen=True)
class Site:
    call: str
    when: int  # the how-manieth of this call
    arguments: str = ""

    def __str__(self):
        return f"{self.call} {self.when} ({self.arguments[:60]})"


@dataclass
class Figures:
    """What a sweep did; a site whose kill never came is a gap in it."""

    done: int = 0
    missed: list = field(default_factory=list)
    lost: list = field(default_factory=list)

    def finish(self, what):
        print(f"\n{what}: {self.done} killed or failed, {self.done - len(self.lost)} converged, "
              f"{len(self.lost)} lost")
        assert not self.lost, self.lost
        assert not self.missed, f"never came to: {self.missed}"
        assert self.done > 0


class Scene:
    """A host with one blank disk to make, and somebody's disk beside it."""

    def __init__(self, host, fstype, neighbour):
        self.host, self.fstype = host, fstype
        self.disk = host.add_disk("data-0", SIZES[fstype])
        self.neighbour = host.add_disk("neighbour", neighbour.stat().st_size)
        copy_sparse(neighbour, self.neighbour.image)
        self.neighbour_digest = self.neighbour.digest()
        self.fstab = FSTAB.read_text(encoding="utf-8")
        self.tier = "swap" if fstype == "swap" else "hot"
        self.wanted = [OS, {"name": "data-0", "tier": self.tier, "device": self.disk.path}]
        if fstype != "swap":
            self.wanted[1]["fstype"] = fstype

    def run_under(self, *strace):
        """The run's standard output, the trace, and its exit status."""
        log = self.host.folder / "strace.log"
        arguments = {"disks": self.wanted, "provider": "generic", "device_timeout": 0}
        path = self.host.arguments_file(json.dumps(arguments))
        done = subprocess.run(["strace", "-s", "64", "-o", log, *strace, STORAGE_TIER, path],
                              capture_output=True, check=False, text=True)
        return done, log.read_text(errors="replace")

    def hold_foreign(self, *mkfs):
        """Somebody's filesystem on the disk, and the token that gives it up."""
        system.tool(*mkfs, self.disk.path)
        refusal = self.host.run(self.wanted)
        assert refusal["error_id"] == "foreign-content"
        self.wanted[1]["wipe"] = refusal["token"]

    def check_after_kill(self):
        """fstab is the old one or has our whole line, and the neighbour is untouched."""
        text = FSTAB.read_text(encoding="utf-8")
        assert text.startswith(self.fstab)
        added = text[len(self.fstab):]
        if added:
            uuid = system.blkid(self.disk.path)["UUID"]
            assert added.startswith(f"UUID={uuid} ") and added.endswith("\n")
            assert added.count("\n") == 1 and f"x-storage-tier={self.tier} 0 " in added
        assert self.neighbour.digest() == self.neighbour_digest

    def check_converged(self):
        """One run mends it, the next finds nothing to do, and nothing is left behind."""
        self.host.converge(self.wanted)
        self.check_after_kill()
        assert len(self.host.fstab_lines()) == 1
        signature = system.blkid(self.disk.path)
        assert (signature["TYPE"], signature["LABEL"]) == (self.fstype, f"tier-{self.tier}")
        assert not self.disk.holds(STAMP)
        assert list(RECORDS.iterdir()) == []
        assert [n for n in os.listdir("/etc") if n.startswith(".fstab")] == []
        if self.tier == "swap":
            assert self.disk.path in system.swaps()
            return
        (mount,) = system.mounts_at(f"{ROOT}/hot")
        assert mount["source"] == self.disk.path
        assert system.is_immutable(self.host.below(f"{ROOT}/hot"))
        (self.host.tier("hot") / "file").write_text("usable", encoding="utf-8")
        system.tool("umount", f"{ROOT}/hot")
        system.check_filesystem(self.disk.path)


def sites_of(trace_text):
    """Where a traced process could be killed: each call that changes something."""
    counted, sites = Counter(), []
    for call in parse(re.sub(r"^", "1 ", trace_text, flags=re.M)):
        counted[call.name] += 1
        if call.name in STATE_CALLS or (call.name == "ioctl" and
                                        CHANGING_IOCTLS.search(call.arguments)):
            sites.append(Site(call.name, counted[call.name], call.arguments))
    return sites


def survive(scene, site, figures):
    """The scene after a kill or a failure at the site: whole, and mended by the next run."""
    figures.done += 1
    try:
        scene.check_after_kill()
        scene.check_converged()
    except (AssertionError, system.Failed) as problem:
        figures.lost.append(f"{site}: {problem}")


def sample(sites, count):
    """A part of all, or `count` of them, evenly, the first and the last among them."""
    if WHICH != "sample":
        part, parts = map(int, WHICH.split("/"))
        return sites[part - 1::parts]
    if len(sites) <= count:
        return sites
    return [sites[round(i * (len(sites) - 1) / (count - 1))] for i in range(count)]


@contextmanager
def wrapped(host, name, script):
    """A shell script in the place of a program, which it reaches as $REAL."""
    path = shutil.which(name)
    real, wrapper = host.folder / "real" / name, host.folder / "wrapper" / name
    for file in (real, wrapper):
        file.parent.mkdir(exist_ok=True)
    shutil.copy2(path, real)
    wrapper.write_text(f"#!/bin/sh\nREAL={real}\n{script}\n", encoding="utf-8")
    wrapper.chmod(0o755)
    system.tool("mount", "--bind", wrapper, path)
    try:
        yield
    finally:
        system.tool("umount", path)
