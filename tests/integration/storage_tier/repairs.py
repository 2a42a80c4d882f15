# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody does to a host by hand, and what a run has to do about it."""

from dataclasses import dataclass
from typing import Callable

import system
from host import FSTAB, OS, ROOT, SIZES


@dataclass(frozen=True)
class Repair:
    name: str
    fstype: str  # of the disk that is touched
    harm: Callable  # takes the host and the disk
    ops: tuple


def tier_of(fstype):
    return "swap" if fstype == "swap" else "hot"


def delete_line(_host, disk):
    uuid = system.blkid(disk.path)["UUID"]
    lines = FSTAB.read_text(encoding="utf-8").splitlines(keepends=True)
    FSTAB.write_text("".join(line for line in lines if uuid not in line), encoding="utf-8")


def edit_line(old, new):
    def harm(_host, _disk):
        text = FSTAB.read_text(encoding="utf-8")
        assert old in text
        FSTAB.write_text(text.replace(old, new), encoding="utf-8")
    return harm


def unmount(_host, _disk):
    system.tool("umount", f"{ROOT}/hot")


def unmount_and_delete_line(host, disk):
    unmount(host, disk)
    delete_line(host, disk)


def unmount_and_mount_read_only(host, disk):
    unmount(host, disk)
    system.tool("mount", "-o", "ro,noatime", disk.path, f"{ROOT}/hot")


def remount(options):
    """With these options alone: fstab's don't count when device and directory are given."""
    return lambda host, disk: system.tool("mount", "-o", f"remount,{options}", disk.path,
                                          f"{ROOT}/hot")


def swap_off(_host, disk):
    system.tool("swapoff", disk.path)


def swap_on_with_priority(host, disk):
    swap_off(host, disk)
    system.tool("swapon", "-p", "5", disk.path)


def clear_immutable(host, _disk):
    system.tool("chattr", "-i", host.below(f"{ROOT}/hot"))


def remove_directory(host, disk):
    unmount(host, disk)
    clear_immutable(host, disk)
    host.tier("hot").rmdir()


def label_offline(fstype):
    def harm(host, disk):
        unmount(host, disk)
        if fstype == "ext4":
            system.tool("e2label", disk.path, "photos")
        elif fstype == "xfs":
            system.tool("xfs_admin", "-L", "photos", disk.path)
        else:
            system.tool("btrfs", "filesystem", "label", disk.path, "photos")
    return harm


def label_mounted(fstype):
    def harm(_host, disk):
        if fstype == "ext4":
            system.tool("e2label", disk.path, "photos")
        elif fstype == "xfs":
            system.tool("xfs_io", "-c", "label -s photos", f"{ROOT}/hot")
        else:
            system.tool("btrfs", "filesystem", "label", f"{ROOT}/hot", "photos")
        disk.sync()
    return harm


def label_swap_off(_host, disk):
    system.tool("swapoff", disk.path)
    system.tool("swaplabel", "-L", "photos", disk.path)


def label_swap_active(host, disk):
    label_swap_off(host, disk)
    system.tool("swapon", disk.path)


FILES = ("ext4", "xfs", "btrfs")
MOUNT, FSTAB_OP = ("mount", "hot"), ("fstab", "hot")
REPAIRS = [
    *(Repair(f"unmounted-{t}", t, unmount, (MOUNT,)) for t in FILES),
    *(Repair(f"labelled-while-unmounted-{t}", t, label_offline(t), (MOUNT, ("label", "hot")))
      for t in FILES),
    *(Repair(f"labelled-while-mounted-{t}", t, label_mounted(t), (("label", "hot"),))
      for t in FILES),
    *(Repair(f"read-only-{t}", t, remount("ro"), (("remount", "hot"),)) for t in FILES),
    Repair("mounted-read-only", "ext4", unmount_and_mount_read_only, (("remount", "hot"),)),
    Repair("remounted-nodev-noexec", "ext4", remount("nodev,noexec"), (("remount", "hot"),)),
    Repair("remounted-atime", "xfs", remount("relatime"), (("remount", "hot"),)),
    Repair("line-deleted", "ext4", delete_line, (FSTAB_OP,)),
    Repair("line-edited", "ext4", edit_line("noatime,nofail", "defaults"), (FSTAB_OP,)),
    Repair("line-with-another-target", "ext4", edit_line("/var/storage/hot ", "/srv/hot "),
           (FSTAB_OP,)),
    Repair("line-with-another-type", "ext4", edit_line(" ext4 noatime", " ext3 noatime"),
           (FSTAB_OP,)),
    Repair("unmounted-and-line-deleted", "ext4", unmount_and_delete_line, (FSTAB_OP, MOUNT)),
    Repair("directory-removed", "ext4", remove_directory,
           (("mkdir", "hot"), ("chattr", "hot"), MOUNT)),
    Repair("immutable-flag-removed", "ext4", clear_immutable, (("chattr", "hot"),)),
    Repair("swapped-off", "swap", swap_off, (("swapon", "swap"),)),
    Repair("swap-line-deleted", "swap", delete_line, (("fstab", "swap"),)),
    Repair("swap-labelled-while-off", "swap", label_swap_off,
           (("label", "swap"), ("swapon", "swap"))),
    Repair("swap-labelled-while-active", "swap", label_swap_active,
           (("swapoff", "swap"), ("label", "swap"), ("swapon", "swap"))),
]


def prepared(host, repair):
    """A host set up and then harmed: its disks as declared, and the tier of each device."""
    size = SIZES[repair.fstype]
    disk = host.add_disk("data-0", size)
    wanted = [OS, {"name": "data-0", "tier": tier_of(repair.fstype), "device": disk.path}]
    if repair.fstype != "swap":
        wanted[1]["fstype"] = repair.fstype
    host.converge(wanted)
    repair.harm(host, disk)
    return wanted, {disk.path: tier_of(repair.fstype)}
