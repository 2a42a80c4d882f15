# SPDX-License-Identifier: GPL-3.0-or-later
"""What the system shows before and after a run, and the actions that this amounts to."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import system
from host import FSTAB, ROOT

TIERS = ("hot", "warm", "cold")
NEW_DIRECTORY = (0o755, 0, 0)


def permissions(path):
    if not os.path.isdir(path):
        return None
    status = os.stat(path)
    return (status.st_mode & 0o7777, status.st_uid, status.st_gid)


@dataclass
class View:
    signatures: dict  # by device: what blkid finds
    mounts: dict  # by target
    swaps: dict
    fstab: str
    root: bool
    immutable: dict  # by tier: the directory below the mount
    exists: set = field(default_factory=set)  # tiers with a directory
    permissions: dict = field(default_factory=dict)  # by tier: as users see it


def look(host, root=ROOT):
    below = {tier: host.below(f"{root}/{tier}") for tier in TIERS}
    exists = {tier for tier, path in below.items() if path.is_dir()}
    return View(
        signatures={disk.path: system.blkid(disk.path) for disk in host.disks},
        mounts={m["target"]: m for m in system.mounts() if m["target"].startswith(f"{root}/")},
        swaps={p: v for p, v in system.swaps().items() if p in [d.path for d in host.disks]},
        fstab=FSTAB.read_text(encoding="utf-8") if FSTAB.exists() else "",
        root=Path(root).is_dir(),
        immutable={tier: system.is_immutable(below[tier]) for tier in exists},
        exists=exists,
        permissions={tier: permissions(f"{root}/{tier}") for tier in exists},
    )


def tier_line(fstab, tier):
    return [line for line in fstab.splitlines() if f"x-storage-tier={tier}" in line]


def disk_changes(before, after, devices):
    """`devices`: tier by device."""
    for device, tier in devices.items():
        old, new = before.signatures[device], after.signatures[device]
        make = "mkswap" if new.get("TYPE") == "swap" else "mkfs"
        if old.get("UUID") != new.get("UUID") or old.get("TYPE") != new.get("TYPE"):
            if old:
                yield ("wipe", tier)
            yield (make, tier)
        elif old.get("LABEL") != new.get("LABEL"):
            yield ("label", tier)


def swap_changes(before, after, devices):
    for device, tier in devices.items():
        was, now = device in before.swaps, device in after.swaps
        relabelled = before.signatures[device].get("LABEL") != after.signatures[device].get("LABEL")
        again = was and now and (before.swaps[device] != after.swaps[device] or relabelled)
        if (was and not now) or again:
            yield ("swapoff", tier)
        if (now and not was) or again:
            yield ("swapon", tier)


def directory_changes(before, after, root, made):
    if after.root and not before.root:
        yield ("mkdir", None)
    for tier in sorted(after.exists):
        target = f"{root}/{tier}"
        if tier not in before.exists:
            yield ("mkdir", tier)
        if before.immutable.get(tier, False) != after.immutable[tier]:
            yield ("chattr", tier)
        mounted = target in after.mounts
        seen_before = mounted == (target in before.mounts) and tier in before.exists
        if tier in made or (not mounted and tier not in before.exists):
            old = NEW_DIRECTORY
        elif seen_before:
            old = before.permissions[tier]
        else:
            continue  # the root of a filesystem that was not mounted before
        new = after.permissions[tier]
        if old[1:] != new[1:]:
            yield ("chown", tier)
        if old[0] != new[0]:
            yield ("chmod", tier)


def mount_changes(before, after):
    for target in sorted(before.mounts.keys() | after.mounts.keys()):
        old, new, tier = before.mounts.get(target), after.mounts.get(target), Path(target).name
        if old is None:
            yield ("mount", tier)
        elif new is None:
            yield ("umount", tier)
        elif old["options"] != new["options"]:
            yield ("remount", tier)


def changes(before, after, devices, root=ROOT):
    """[(op, tier)], sorted: every difference that the system shows."""
    disks = list(disk_changes(before, after, devices))
    made = {tier for op, tier in disks if op == "mkfs"}
    found = disks + list(swap_changes(before, after, devices))
    found += directory_changes(before, after, root, made)
    found += mount_changes(before, after)
    for tier in (*TIERS, "swap"):
        if tier_line(before.fstab, tier) != tier_line(after.fstab, tier):
            found.append(("fstab", tier))
    return sorted(found, key=str)


def rest_of_fstab(view):
    return [line for line in view.fstab.splitlines() if "x-storage-tier=" not in line]
