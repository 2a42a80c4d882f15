# SPDX-License-Identifier: GPL-3.0-or-later
"""One disk and a change to it beside somebody's disk, for runs that something ends early."""

import subprocess
from dataclasses import dataclass, field

from drives import MIB, blank, scsi
from tiers import OS, ROOT

SIZES = {"ext4": 64 * MIB, "swap": 32 * MIB, "xfs": 304 * MIB, "btrfs": 112 * MIB}
GROWTH = 160 * MIB  # btrfs can grow to 256 MiB or more only
FSTYPES = tuple(SIZES)
CHECKS = {"ext4": "e2fsck -f -n", "xfs": "xfs_repair -n", "btrfs": "btrfs check --readonly",
          "swap": "swaplabel"}
CHANGES = ("first", "move", "grow", "wipe", "absent")


@dataclass
class Change:
    """What a run is to do with the disk, from what is there before it."""

    name: str
    fstype: str
    before: str | None = field(init=False)  # its tier before the run
    after: str | None = field(init=False)

    def __post_init__(self):
        tier = "swap" if self.fstype == "swap" else "hot"
        self.before = tier if self.name in ("move", "grow", "absent") else None
        self.after = {"move": "cold", "absent": None}.get(self.name, tier)

    def disks(self, tier, **keys):
        disk = {"name": "data-0", "tier": tier, **keys}
        return [OS, disk if tier == "swap" else {**disk, "fstype": self.fstype}]

    def prepare(self, host, node, **keys):
        """Brings the disk to what it is before the run; returns the run's disks and options."""
        if self.before:
            host.converge(self.disks(self.before, **keys))
            if self.before != "swap":
                host.guest.run(f"echo kept >{ROOT}/{self.before}/file; sync")
        if self.name == "absent":
            return [], {"state": "absent"}
        disks = self.disks(self.after, **keys)
        if self.name == "wipe":
            host.guest.run(f"mkfs.ext4 -q -F -L theirs {node}; sync")
            disks[1]["wipe"] = host.run(disks)["token"]
        return disks, {}

    def check(self, host, node, uuid):
        """The tier is there, in order, and what was on it before."""
        signature = host.signature(node)
        assert signature["TYPE"] == self.fstype
        assert signature["LABEL"] == f"tier-{self.after or self.before}"
        if self.before:
            assert signature["UUID"] == uuid
        if self.after == "swap":
            assert host.swaps() == [host.guest.tool("realpath", node).strip()]
            host.guest.run(f"swapoff {node}")
        elif self.after:
            assert host.source(self.after) == node
            assert host.mounts(node) == [f"{ROOT}/{self.after}"]
            host.guest.run(f"echo usable >{ROOT}/{self.after}/new; umount {ROOT}/{self.after}")
        else:
            assert host.mounts(node) == host.swaps() == []
        host.guest.run(f"{CHECKS[self.fstype]} {node}")
        if self.fstype != "swap":
            kept = "kept\n" if self.before else ""
            assert host.guest.run(f"mount {node} /mnt; cat /mnt/file || true; umount /mnt").out == kept
        if self.name == "grow":
            assert host.filesystem_size(node) > SIZES[self.fstype] + GROWTH / 4


class Scene:
    def __init__(self, host, fstype, change="first", below=None):
        self.host, self.fstype = host, fstype
        self.change = Change(change, fstype)
        self.disk = mine(host.blank("mine", SIZES[fstype]), below)
        self.neighbour = scsi(2, neighbour(host.images / "theirs.img"))
        self.digest = self.neighbour.digest()
        host.plug(self.disk, self.neighbour)
        self.fstab = host.guest.read("/etc/fstab")
        node = host.node(self.disk)
        self.wanted, self.options = self.change.prepare(host, node)
        self.uuid = host.signature(node).get("UUID")
        if change == "grow":
            host.grow(self.disk, SIZES[fstype] + GROWTH)

    def start(self):
        self.host.start(self.wanted, **self.options)

    def check_converges(self):
        """One run mends what is left, the next finds nothing to do, and nothing of anybody's was lost."""
        self.check_fstab()
        self.host.converge(self.wanted, **self.options)
        self.check_fstab()
        self.change.check(self.host, self.host.node(self.disk), self.uuid)
        assert self.host.guest.tool("find", "/var/lib/storage_tier/intent", "-type", "f",
                                    ok=(0, 1)) == ""
        assert self.host.digest(self.neighbour) == self.digest

    def check_fstab(self):
        """The lines of others, and at most one whole line of ours."""
        text = self.host.guest.read("/etc/fstab")
        assert text.startswith(self.fstab)
        added = text[len(self.fstab):].splitlines()
        assert len(added) <= 1
        tiers = {self.change.before, self.change.after}
        assert all(line.startswith("UUID=") and
                   any(f"x-storage-tier={tier} 0 " in line for tier in tiers) for line in added)


def mine(image, below=None):
    """With a serial, since records of a disk that is known by its slot alone are kept."""
    return scsi(1, image, below=below, serial="mine-1")


def neighbour(path):
    """A filesystem with a label of its owner's."""
    subprocess.run(["mkfs.ext4", "-q", "-F", "-L", "photos", blank(path, 66 * MIB)], check=True)
    return path
