# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that bear something already, and refusals that leave everything as it is."""

import system
from host import FSTAB, SIZES

FILES = ("ext4", "xfs", "btrfs")


def wanted_disk(disk, **keys):
    return {"name": "data-0", "tier": "hot", "device": disk.path, **keys}


def foreign(host, fstype, label="photos"):
    """Somebody's filesystem with a file on it."""
    disk = host.add_disk(size=SIZES[fstype])
    system.tool(f"mkfs.{fstype}", "-q", "-L", label, disk.path)
    point = host.folder / "elsewhere"
    point.mkdir()
    system.tool("mount", disk.path, point)
    (point / "file").write_text("precious", encoding="utf-8")
    system.tool("umount", point)
    return disk


def refused(host, wanted, disks, error_id, *parts):
    """In check mode and in a run; not a byte of the disks nor of fstab changes."""
    digests, fstab = [disk.digest() for disk in disks], FSTAB.read_bytes()
    for check in (True, False):
        result = host.run(wanted, check=check)
        assert result.json.get("error_id") == error_id, result
        assert result["changed"] is False
        for part in parts:
            assert part in result["msg"], result
    assert [disk.digest() for disk in disks] == digests and FSTAB.read_bytes() == fstab
    return result
